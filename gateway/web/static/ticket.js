// One ticket: saving, turning its status, one-key closing, and following what others do to it.

import { setTime } from "./clocks.js";
import { follow } from "./live.js";
import { changes, currentVersion, merge, saved, touched, value } from "./record_form.js";
import { ask, fill } from "./shell.js";

const page = document.getElementById("ticket");
const number = page.dataset.number;
const api = `/api/v1/tickets/${number}`;
const form = document.getElementById("record");
const said = document.getElementById("said");
const dialog = document.getElementById("reason-dialog");
const CONFLICT = 409;
let busy = false;

function say(text, bad = false) {
  if (!said) return;
  said.textContent = text;
  said.classList.toggle("problem", bad);
}

const reasonOf = async (response) => {
  const problem = await response.json().catch(() => ({}));
  return problem.detail ?? problem.title ?? String(response.status);
};

/** Send what was typed, and `more`; gives whether the server has it now. */
async function save(more = {}) {
  const names = touched();
  const sent = Object.fromEntries(names.map((name) => [name, value(name)]));
  if (!names.length && !Object.keys(more).length) return true;
  let response;
  try {
    response = await ask(api, "PATCH", { ...changes(names), ...more });
  } catch {
    say(fill(form.dataset.notSaved, { reason: form.dataset.unreachable }), true);
    return false;
  }
  if (response.status === CONFLICT) {
    // When nobody touched what the form holds (a status was turned), there is nothing to compare.
    if (await meet()) return save(more);
    say(`${form.dataset.changedTitle}. ${form.dataset.unsaved}`, true);
    return false;
  }
  if (!response.ok) {
    say(fill(form.dataset.notSaved, { reason: await reasonOf(response) }), true);
    return false;
  }
  saved(await response.json(), sent);
  say(fill(form.dataset.saved, { time: new Date().toLocaleTimeString("id-ID", { timeZone: form.dataset.zone }) }));
  return true;
}

/** Take in what the server has now, beside what was typed here; gives whether the form's fields are all as they were. */
async function meet() {
  const response = await ask(api);
  if (!response.ok) return false;
  const { followed, clashes } = merge(await response.json());
  if (clashes.length) {
    say(form.dataset.unsaved, true);
    document.getElementById("conflict").scrollIntoView({ block: "nearest" });
  } else if (followed.length) {
    say(fill(form.dataset.changed, { fields: followed.join(", ") }));
  }
  return !clashes.length && !followed.length;
}

async function turn(status, reason = null) {
  const problem = document.getElementById("status-problem");
  problem.textContent = "";
  const body = { status, ...(reason === null ? {} : { reason }) };
  const response = await ask(`${api}/status`, "POST", body).catch(() => null);
  if (!response?.ok) {
    problem.textContent = response ? await reasonOf(response) : form.dataset.unreachable;
    return;
  }
  await refresh();
  await meet();
}

async function once(work) {
  if (busy) return;
  busy = true;
  try {
    await work();
  } finally {
    busy = false;
  }
}

const closeAs = (type) => once(async () => (await save({ call_type: type })) && (await turn("closed")));

page.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.quick) closeAs(button.dataset.quick);
  if (!button?.dataset.turn) return;
  if ("needsReason" in button.dataset) dialog.showModal();
  else once(async () => (await save()) && (await turn(button.dataset.turn)));
});

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.shiftKey || event.metaKey || event.repeat || dialog.open) return;
  if (event.ctrlKey) {
    if (event.key.toLowerCase() !== "s" || !said) return;
    event.preventDefault();
    once(save);
    return;
  }
  const button = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!button) return;
  event.preventDefault();
  closeAs(button.dataset.quick);
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  once(save);
});
form.addEventListener("input", () => say(touched().length ? form.dataset.unsaved : ""));

document.getElementById("reason-cancel").addEventListener("click", () => dialog.close());
dialog.querySelector("form").addEventListener("submit", () => {
  const reason = document.getElementById("reason");
  once(() => turn("open", reason.value));
  reason.value = "";
});

addEventListener("beforeunload", (event) => {
  if (touched().length) event.preventDefault();
});

// ---- what others do

const parts = ["ticket-head", "ticket-side", "ticket-timeline"];

async function refresh() {
  const response = await fetch(`/fragments/tickets/${number}`).catch(() => null);
  if (!response?.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  const key = focusKey();
  for (const id of parts) {
    const [old, now] = [document.getElementById(id), fresh.getElementById(id)];
    if (old && now && old.innerHTML !== now.innerHTML) old.replaceChildren(...now.childNodes);
  }
  if (key) document.querySelector(key)?.focus();
  setTime(document.getElementById("ticket-head"));
  if (Number(page.querySelector("[data-version]").dataset.version) !== currentVersion() && !busy) await meet();
}

function focusKey() {
  const { turn: to, quick } = document.activeElement?.dataset ?? {};
  return to ? `[data-turn="${to}"]` : quick ? `[data-quick="${quick}"]` : null;
}

if ("live" in page.dataset) {
  follow(Number(page.dataset.seq), { onEntry: (entry) => entry.ticket === number && refresh(), onBack: refresh });
}
