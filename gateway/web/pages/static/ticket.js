// One ticket: saving, turning its status, one-key closing, and following what others do to it.

import { areaSettled, searching } from "./area_field.js";
import { cityTime, setTime } from "./clocks.js";
import { closeNow, closeSoon, forget, isClosing, undo } from "./closing.js";
import { dispatching } from "./dispatches.js";
import { keptFresh } from "./fresh.js";
import { hearOfHistory, refreshHistory } from "./history.js";
import { follow } from "./live.js";
import { takingOver } from "./locations.js";
import { answeredHere } from "./my_phone.js";
import "./player.js";
import { asking } from "./questions.js";
import { changes, currentVersion, known, merge, saved, spoken, touched, value } from "./record_form.js";
import { ask, csrf, fill, staysWhile, whenSigningOut } from "./shell.js";

const page = document.getElementById("ticket");
const number = page.dataset.number;
const api = `/api/v1/tickets/${number}`;
const form = document.getElementById("record");
const said = document.getElementById("said");
const dialog = document.getElementById("reason-dialog");
const problems = JSON.parse(form.dataset.problems);
let queue = Promise.resolve(); // what people wish is done in turn; a second wish is never dropped
let inTurn = 0;
const turning = new Set();

function say(text, bad = false) {
  if (!said) return;
  said.textContent = text;
  said.classList.toggle("problem", bad);
}

/**
 * What the server refuses as: its problem, with the reason in this page's language where it has words for it. Without
 * a response: that the server cannot be reached.
 */
async function problemOf(response) {
  if (!response) return { reason: form.dataset.unreachable };
  const problem = await response.json().catch(() => ({}));
  const name = problem.type?.split(":").pop();
  return { name, reason: problems[name] ?? problem.detail ?? problem.title ?? String(response.status) };
}

function afterwards(wish) {
  inTurn += 1;
  queue = queue.then(() => wish(), () => wish()).finally(() => {
    inTurn -= 1;
  });
  return queue;
}

// ---- saving

/** Send what was typed, and `more`; gives whether the server has it now. */
async function save(more = {}) {
  await areaSettled();
  const names = touched();
  const sent = Object.fromEntries(names.map((name) => [name, value(name)]));
  if (!names.length && !Object.keys(more).length) return true;
  const response = await ask(api, "PATCH", { ...changes(names), ...more }).catch(() => null);
  if (response?.ok) {
    saved(await response.json(), sent);
    say(touched().length ? form.dataset.unsaved : fill(form.dataset.saved, { time: cityTime(form.dataset.zone) }));
    return true;
  }
  const { name, reason } = await problemOf(response);
  if (name !== "stale-version") {
    say(fill(form.dataset.notSaved, { reason }), true);
    return false;
  }
  // When nobody touched what the form holds (a status was turned), there is nothing to compare.
  if (await meet()) return save(more);
  say(`${form.dataset.changedTitle}. ${form.dataset.unsaved}`, true);
  return false;
}

/** Take in what the server has now, beside what was typed here; gives whether the form's fields are all as they were. */
async function meet() {
  const response = await ask(api).catch(() => null);
  if (!response?.ok) return false;
  const { followed, clashes, retyped } = merge(await response.json());
  // What somebody else has made of it is no longer what the key was pressed for.
  if (retyped) forget();
  if (clashes.length) {
    say(form.dataset.unsaved, true);
    document.getElementById("conflict").scrollIntoView({ block: "nearest" });
  } else if (followed.length) {
    say(fill(form.dataset.changed, { fields: followed.join(", ") }));
  }
  return !clashes.length && !followed.length;
}

// ---- the status

/** Turn the ticket; gives whether it was turned. `where` is told why not. */
async function turn(body, where = document.getElementById("status-problem")) {
  where.textContent = "";
  const response = await ask(`${api}/status`, "POST", body).catch(() => null);
  if (!response?.ok) {
    const { name, reason } = await problemOf(response);
    where.textContent = reason;
    if (name === "stale-version") await meet();
    return false;
  }
  await refresh();
  await meet();
  return true;
}

/** The type is recorded at once, and with it what was typed; the ticket closes a moment later. */
const closeAs = (type) =>
  afterwards(async () => {
    const before = known("call_type");
    if (!(await save({ call_type: type }))) return;
    closeSoon(spoken("call_type", type), {
      close: () => afterwards(() => closeUnlessRetyped(type)),
      undo: () => afterwards(() => save({ call_type: before })),
    });
  });

/** Close it as it was seen: not when somebody has made an emergency of it meanwhile. */
async function closeUnlessRetyped(type) {
  if (known("call_type") !== type) return;
  if (await turn({ status: "closed", version: currentVersion() })) return;
  // Another change, and the type is still the same: closed all the same.
  if (known("call_type") === type && page.querySelector("[data-status]").dataset.status !== "closed") {
    await turn({ status: "closed", version: currentVersion() });
  }
}

// Whoever goes on to the next call does not wait for the moment to be over.
addEventListener("pagehide", () => {
  if (!isClosing()) return;
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf() };
  const body = JSON.stringify({ status: "closed", version: currentVersion() });
  fetch(`${api}/status`, { method: "POST", headers, body, keepalive: true });
  forget();
});

page.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.quick) closeAs(button.dataset.quick);
  if (!button?.dataset.turn) return;
  forget();
  if ("needsReason" in button.dataset) dialog.showModal();
  else turnTo(button.dataset.turn);
});

/** A second click on the same button, before the first has had its effect, is no second wish. */
function turnTo(status) {
  if (turning.has(status)) return;
  turning.add(status);
  afterwards(async () => (await save()) && (await turn({ status }))).finally(() => turning.delete(status));
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && isClosing()) undo();
  if (event.altKey || event.shiftKey || event.metaKey || event.repeat || document.querySelector("dialog[open]")) return;
  if (event.ctrlKey) {
    if (event.key.toLowerCase() !== "s" || !said) return;
    event.preventDefault();
    afterwards(save);
    return;
  }
  const button = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!button) return;
  event.preventDefault();
  closeAs(button.dataset.quick);
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  afterwards(save);
});
form.addEventListener("change", (event) => event.target.name === "call_type" && forget());
form.addEventListener("input", () => say(touched().length ? form.dataset.unsaved : ""));

document.getElementById("reason-cancel").addEventListener("click", () => dialog.close());
dialog.querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const reason = document.getElementById("reason");
  afterwards(async () => {
    // Kept until the ticket is open again: it was somebody's work to write it.
    if (!(await turn({ status: "open", reason: reason.value }, document.getElementById("reason-problem")))) return;
    reason.value = "";
    dialog.close();
  });
});

// ---- leaving

let mayLeave = false;

addEventListener("beforeunload", (event) => {
  if ((touched().length || searching()) && !mayLeave) event.preventDefault();
});

staysWhile(() => touched().length);
whenSigningOut(async () => {
  if (isClosing()) await closeNow();
  mayLeave = !touched().length || confirm(form.dataset.leave);
  return mayLeave;
});

// ---- what others do

const SKPD_EVERY_MS = 3000; // the feed is not for an SKPD's dispatcher
const parts = [
  ...["ticket-alarm", "ticket-head", "area-hint", "ticket-dispatches", "ticket-locations", "ticket-said"],
  ...["ticket-return", "ticket-side", "ticket-timeline"],
];
const refresh = keptFresh(() => `/fragments/tickets/${number}`, show);

async function show(response) {
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  const keys = focusKeys();
  for (const id of parts) {
    const [old, now] = [document.getElementById(id), fresh.getElementById(id)];
    if (old && now && old.innerHTML !== now.innerHTML) old.replaceChildren(...now.childNodes);
  }
  if (keys.length && !document.activeElement?.closest("main, dialog")) {
    keys.map((key) => document.querySelector(key)).find(Boolean)?.focus();
  }
  setTime(document.getElementById("ticket-head"));
  if (Number(page.querySelector("[data-version]").dataset.version) !== currentVersion() && !inTurn) await meet();
}

/** Where the keyboard stands, in a part that is about to be replaced: the button, else what it belonged to. */
function focusKeys() {
  const one = document.activeElement;
  const { turn: to, quick } = one?.dataset ?? {};
  if (to) return [`[data-turn="${to}"]`];
  if (quick) return [`[data-quick="${quick}"]`];
  if (one?.dataset.question) return [`#${one.id}`];
  if (!one?.closest("#ticket-dispatches")) return [];
  return [one, one.closest("li"), document.getElementById("hand-over")].filter((of) => of?.id).map((of) => `#${of.id}`);
}

function hear(entry) {
  const next = answeredHere(entry);
  if (next && next !== number) goOn(next);
  if (entry.ticket === number) refresh();
  hearOfHistory(entry, number);
}

/** This desk's phone has answered another call: its ticket comes up, unless something here is not saved yet. */
function goOn(next) {
  const place = `/tickets/${next}`;
  if (!touched().length && !searching() && !inTurn) {
    location.assign(place);
    return;
  }
  const link = document.getElementById("mine");
  link.querySelector("a").href = place;
  link.querySelector("a").textContent = next;
  link.hidden = false;
}

function comeBack() {
  refresh();
  refreshHistory();
}

if ("live" in page.dataset) follow(Number(page.dataset.seq), { onEntry: hear, onBack: comeBack });
else setInterval(refresh, SKPD_EVERY_MS);

// ---- where it is, as the network tells it

takingOver(page, (location) =>
  afterwards(async () => {
    await save();
    const response = await ask(api, "PATCH", { version: currentVersion(), location }).catch(() => null);
    if (response?.ok) {
      saved(await response.json(), {});
      refresh();
      return null;
    }
    const { name, reason } = await problemOf(response);
    if (name === "stale-version") await meet();
    return reason;
  }),
);

// ---- whom it is sent to, and what the caller is asked

const reasonOf = async (response) => (await problemOf(response)).reason;

asking(page, { api, refresh, reasonOf });
dispatching(page, {
  api,
  refresh,
  reasonOf,
  async save() {
    forget(); // whoever sends somebody does not close it as a prank
    await afterwards(save);
  },
});
