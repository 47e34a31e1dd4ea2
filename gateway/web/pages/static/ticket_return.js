// The ticket's caller, called back by a click. What becomes of it, the feed tells: ticket.js puts it in place.

import { returning } from "./return_calls.js";

const place = document.getElementById("ticket-return");
const problem = document.getElementById("return-problem");
const form = document.getElementById("record");
const problems = JSON.parse(form.dataset.problems);

async function reasonOf(response) {
  if (!response) return form.dataset.unreachable;
  const refused = await response.json().catch(() => ({}));
  return problems[refused.type?.split(":").pop()] ?? refused.detail ?? String(response.status);
}

if (place) {
  returning(place, {
    words: problem.dataset,
    reasonOf,
    say: (text) => (problem.textContent = text),
    refresh: async () => {},
  });
}
