// The call-backs: one click records what came of calling, after a moment in which the same hand can take it back.

import { setTime } from "./clocks.js";
import { closeNow, closeSoon, isClosing, undo } from "./closing.js";
import { keptFresh } from "./fresh.js";
import { follow } from "./live.js";
import { answeredHere, choosing } from "./my_phone.js";
import { returning } from "./return_calls.js";
import { ask, csrf, fill, showOwed, whenSigningOut } from "./shell.js";

const list = document.getElementById("call-backs");
const said = document.getElementById("said");
const problems = JSON.parse(list.dataset.problems);
let pending = null; // what a click has asked for, and the moment has not passed

const refresh = keptFresh(() => list.dataset.part, show);

/** Put the list in place; what was typed, and where the keyboard stands, stays. */
async function show(response) {
  const html = await response.text();
  const typed = [...list.querySelectorAll("input")].filter((one) => one.value).map((one) => [one.id, one.value]);
  const focused = list.contains(document.activeElement) ? document.activeElement.id : null;
  list.innerHTML = html; // written and escaped by our own server
  for (const [id, text] of typed) {
    const field = document.getElementById(id);
    if (field) field.value = text;
  }
  if (focused) document.getElementById(focused)?.focus();
  setTime(list);
  showOwed(list);
}

function say(text, bad = false) {
  said.textContent = text;
  said.classList.toggle("problem", bad);
}

const path = (id) => `/api/v1/call-backs/${id}/attempts`;

async function record({ id, body }) {
  pending = null;
  const response = await ask(path(id), "POST", body).catch(() => null);
  if (response?.ok) {
    const note = document.getElementById(`note-${id}`);
    if (note && note.value === (body.note ?? "")) note.value = "";
    say(list.dataset.recorded);
  } else {
    say(fill(list.dataset.notRecorded, { reason: await reasonOf(response) }), true);
  }
  await refresh();
}

async function reasonOf(response) {
  if (!response) return list.dataset.unreachable;
  const problem = await response.json().catch(() => ({}));
  return problems[problem.type?.split(":").pop()] ?? problem.detail ?? String(response.status);
}

list.addEventListener("click", (event) => {
  const button = event.target.closest("[data-tried]");
  if (!button) return;
  const id = button.closest("[data-call-back]").dataset.callBack;
  const field = document.getElementById(`note-${id}`);
  const note = field.value.trim();
  if (button.dataset.tried === "given_up" && !note) {
    say(list.dataset.reasonNeeded, true);
    field.focus();
    return;
  }
  // Another caller's result is certain by now; another result of the same caller takes its place.
  if (pending && pending.id !== id) closeNow();
  const wish = { id, body: { outcome: button.dataset.tried, ...(note ? { note: field.value } : {}) } };
  pending = wish;
  say("");
  closeSoon(button.textContent, { close: () => record(wish), undo: () => (pending = null) });
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && isClosing()) undo();
});

// Whoever leaves the page means what was clicked.
addEventListener("pagehide", () => {
  if (!pending) return;
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf() };
  fetch(path(pending.id), { method: "POST", headers, body: JSON.stringify(pending.body), keepalive: true });
  pending = null;
});

whenSigningOut(async () => {
  if (pending) await closeNow();
  return true;
});

const phone = document.getElementById("my-phone");
if (phone) choosing(phone);
returning(list, { words: list.dataset, reasonOf, say, refresh });

/** The caller is on this desk's phone: the ticket comes up, unless something here is not recorded yet. */
function hear(entry) {
  const mine = answeredHere(entry);
  const typed = [...list.querySelectorAll("input")].some((one) => one.value);
  if (mine && !pending && !typed) location.assign(`/tickets/${mine}`);
  refresh();
}

if ("live" in list.dataset) follow(Number(list.dataset.seq), { onEntry: hear, onBack: refresh });
