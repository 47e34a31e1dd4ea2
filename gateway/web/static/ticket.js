// One ticket: saving, turning its status, one-key closing, and following what others do to it.

import { cityTime, setTime } from "./clocks.js";
import { closeSoon, forget, isClosing, leaving, undo } from "./closing.js";
import { follow } from "./live.js";
import { answeredHere } from "./my_phone.js";
import { changes, currentVersion, known, merge, saved, spoken, touched, value } from "./record_form.js";
import { ask, csrf, fill } from "./shell.js";

const page = document.getElementById("ticket");
const number = page.dataset.number;
const api = `/api/v1/tickets/${number}`;
const form = document.getElementById("record");
const said = document.getElementById("said");
const dialog = document.getElementById("reason-dialog");
const CONFLICT = 409;
let underWay = null; // what the server was asked last, until it has answered

function say(text, bad = false) {
  if (!said) return;
  said.textContent = text;
  said.classList.toggle("problem", bad);
}

const problems = JSON.parse(form.dataset.problems);

/** Why the server refused: in this page's language where it has words for it. */
async function reasonOf(response) {
  const problem = await response.json().catch(() => ({}));
  const name = problem.type?.split(":").pop();
  return problems[name] ?? problem.detail ?? problem.title ?? String(response.status);
}

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
  if (response.status === CONFLICT && (await isStale(response.clone()))) {
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
  say(fill(form.dataset.saved, { time: cityTime(form.dataset.zone) }));
  return true;
}

const isStale = async (response) => (await response.json()).type === "urn:siaga112:problem:stale-version";

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

/** Do it, unless something is under way: a second click is no second wish. */
function once(work) {
  underWay ??= work().finally(() => {
    underWay = null;
  });
  return underWay;
}

/** Do it as soon as nothing is under way. */
async function afterwards(work) {
  while (underWay) await underWay.catch(() => {});
  await once(work);
}

/** The type is recorded at once, and with it what was typed; the ticket closes a moment later. */
const closeAs = (type) =>
  once(async () => {
    const before = known("call_type");
    if (!(await save({ call_type: type }))) return;
    closeSoon(spoken("call_type", type), {
      close: () => afterwards(() => turn("closed")),
      undo: () => afterwards(() => save({ call_type: before })),
    });
  });

// Whoever goes on to the next call does not wait for the moment to be over.
addEventListener("pagehide", () => {
  if (!leaving()) return;
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf() };
  fetch(`${api}/status`, { method: "POST", headers, body: JSON.stringify({ status: "closed" }), keepalive: true });
});

page.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.quick) closeAs(button.dataset.quick);
  if (!button?.dataset.turn) return;
  forget();
  if ("needsReason" in button.dataset) dialog.showModal();
  else once(async () => (await save()) && (await turn(button.dataset.turn)));
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && isClosing()) undo();
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
form.addEventListener("change", (event) => event.target.name === "call_type" && forget());
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
  if (Number(page.querySelector("[data-version]").dataset.version) !== currentVersion() && !underWay) await meet();
}

function focusKey() {
  const { turn: to, quick } = document.activeElement?.dataset ?? {};
  return to ? `[data-turn="${to}"]` : quick ? `[data-quick="${quick}"]` : null;
}

function hear(entry) {
  const next = answeredHere(entry);
  if (next && next !== number) goOn(next);
  if (entry.ticket === number) refresh();
}

/** This desk's phone has answered another call: its ticket comes up, unless something here is not saved yet. */
function goOn(next) {
  const place = `/tickets/${next}`;
  if (!touched().length) {
    location.assign(place);
    return;
  }
  const link = document.getElementById("mine");
  link.querySelector("a").href = place;
  link.querySelector("a").textContent = next;
  link.hidden = false;
}

if ("live" in page.dataset) {
  follow(Number(page.dataset.seq), { onEntry: hear, onBack: refresh });
}
