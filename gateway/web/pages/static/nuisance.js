// The marked numbers: a supervisor confirms or forgives. Either can be undone by the other, so there is no moment to wait.

import { keptFresh } from "./fresh.js";
import { ask, fill } from "./shell.js";

const list = document.getElementById("nuisance");
const said = document.getElementById("said");
const problems = JSON.parse(list.dataset.problems);

const refresh = keptFresh(
  () => "/fragments/nuisance",
  async (response) => {
    list.innerHTML = await response.text(); // written and escaped by our own server
  },
);

function say(text, bad = false) {
  said.textContent = text;
  said.classList.toggle("problem", bad);
}

async function reasonOf(response) {
  if (!response) return list.dataset.unreachable;
  const problem = await response.json().catch(() => ({}));
  return problems[problem.type?.split(":").pop()] ?? problem.detail ?? String(response.status);
}

list.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-judge]");
  if (!button) return;
  const row = button.closest("[data-number]");
  const note = row.querySelector("input").value.trim();
  button.disabled = true;
  const path = `/api/v1/nuisance/${encodeURIComponent(row.dataset.number)}/judgements`;
  const body = { judgement: button.dataset.judge, ...(note ? { note } : {}) };
  const response = await ask(path, "POST", body).catch(() => null);
  if (response?.ok) say(list.dataset.recorded);
  else say(fill(list.dataset.notRecorded, { reason: await reasonOf(response) }), true);
  await refresh();
});
