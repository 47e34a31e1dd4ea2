// What is known of a ticket besides: fetched for itself, so that nothing waits for it, and anew when it may have changed.

import { keptFresh } from "./fresh.js";

const SKPD_EVERY_MS = 15000; // the feed is not for an SKPD's dispatcher
const WHAT_TELLS = new Set(["ticket_opened", "ticket_triaged", "status_turned", "call_ended"]);

const known = document.getElementById("ticket-history");
const area = document.querySelector('[name="location.area_code"]');
const concerned = new Set(); // calls of the same number, or of this area, that came while the ticket stood open

const address = () => (area?.value ? `${known.dataset.part}?area=${encodeURIComponent(area.value)}` : known.dataset.part);

const refresh = keptFresh(address, async (response) => {
  const html = await response.text();
  const open = [...known.querySelectorAll("details[open]")].map((one) => one.id);
  known.innerHTML = html; // written and escaped by our own server
  for (const id of open) {
    const one = document.getElementById(id);
    if (one) one.open = true;
  }
}, "history");

/** Whether two areas are the same, or one lies within the other. */
const around = (one, other) => `${one}.`.startsWith(`${other}.`) || `${other}.`.startsWith(`${one}.`);

function concerns({ type, body, ticket }) {
  if (ticket && known.querySelector(`[data-ticket="${CSS.escape(ticket)}"]`)) return true;
  const e164 = known.querySelector("[data-e164]")?.dataset.e164;
  if (type === "caller_identified") return Boolean(e164) && body.caller.e164 === e164;
  const [, picked] = (type === "ticket_triaged" && body.changes["location.area_code"]) || [];
  return Boolean(picked && area?.value && around(picked, area.value));
}

/** Look whether what was committed is of this `ticket`, or of another call that is told of here. */
export function hearOfHistory(entry, ticket) {
  if (entry.call_id && concerns(entry)) concerned.add(entry.call_id);
  const here = entry.ticket === ticket && ["premise_note_touched", "ticket_triaged"].includes(entry.type);
  if (here || (WHAT_TELLS.has(entry.type) && concerned.has(entry.call_id))) refresh();
}

area?.addEventListener("input", refresh);
refresh();
if (!("live" in document.getElementById("ticket").dataset)) setInterval(refresh, SKPD_EVERY_MS);

export { refresh as refreshHistory };
