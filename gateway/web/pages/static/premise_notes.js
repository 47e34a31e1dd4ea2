// The premise notes: written, changed, renewed, withdrawn; what is refused stays typed.

import { keptFresh } from "./fresh.js";
import { ask, fill } from "./shell.js";

const list = document.getElementById("premise-notes");
const form = document.getElementById("premise-new");
const said = document.getElementById("said");
const problems = JSON.parse(list.dataset.problems);
const api = "/api/v1/premise-notes";

const refresh = keptFresh(() => list.dataset.part, async (response) => {
  list.innerHTML = await response.text(); // written and escaped by our own server
});

function say(text, bad = false) {
  said.textContent = text;
  said.classList.toggle("problem", bad);
}

async function reasonOf(response) {
  if (!response) return list.dataset.unreachable;
  const problem = await response.json().catch(() => ({}));
  const flaws = problem.errors?.map((one) => one.why).join("; ");
  return [problems[problem.type?.split(":").pop()] ?? problem.detail ?? String(response.status), flaws].filter(Boolean).join(" ");
}

/** Ask for it; gives whether it was done. */
async function send(path, method, body) {
  say("");
  const response = await ask(`${api}${path}`, method, body).catch(() => null);
  if (!response?.ok) {
    say(fill(list.dataset.notSaved, { reason: await reasonOf(response) }), true);
    return false;
  }
  say(list.dataset.saved);
  await refresh();
  return true;
}

/** What stands in a form's fields, but for those that are not asked for now. */
const typed = (one) => Object.fromEntries([...new FormData(one)].filter(([name]) => name !== "about"));

function aboutWhat() {
  const about = form.elements.about.value;
  for (const field of form.querySelectorAll("[data-about]")) {
    field.hidden = field.dataset.about !== about;
    for (const one of field.querySelectorAll("input, select")) one.disabled = field.hidden;
  }
}

form.addEventListener("change", (event) => event.target.name === "about" && aboutWhat());
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!(await send("", "POST", typed(form)))) return;
  form.reset();
  aboutWhat();
  document.getElementById("premise-add").open = false;
});

const noteOf = (element) => element.closest("[data-premise-note]").dataset;

list.addEventListener("submit", (event) => {
  event.preventDefault();
  const { premiseNote, version } = noteOf(event.target);
  const seen = { version: Number(version) };
  if ("withdraw" in event.target.dataset) {
    const reason = event.target.elements.reason.value.trim();
    send(`/${premiseNote}/withdraw`, "POST", { ...seen, ...(reason ? { reason } : {}) });
  } else {
    send(`/${premiseNote}`, "PATCH", { ...seen, ...typed(event.target) });
  }
});

list.addEventListener("click", (event) => {
  const button = event.target.closest("[data-renew]");
  if (!button) return;
  const { premiseNote, version } = noteOf(button);
  send(`/${premiseNote}`, "PATCH", { version: Number(version), expires_on: button.dataset.renew });
});

// What was done to a note is fetched when somebody asks for it; `toggle` does not bubble.
list.addEventListener(
  "toggle",
  async (event) => {
    const one = event.target;
    if (!one.open || !one.dataset.versions) return;
    const response = await fetch(one.dataset.versions).catch(() => null);
    if (response?.ok) one.querySelector("div").innerHTML = await response.text(); // written by our own server
  },
  true,
);

aboutWhat();
