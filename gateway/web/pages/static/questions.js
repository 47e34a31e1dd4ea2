// Questions to a caller who cannot speak: one click plays one, the caller's key answers it.

import { ask } from "./shell.js";

const problem = document.getElementById("question-problem");

/** Have clicks within `page` ask below `api`; `reasonOf(response)` gives a refusal's words, `refresh()` the answer. */
export function asking(page, { api, reasonOf, refresh }) {
  let underWay = false;
  page.addEventListener("click", async (event) => {
    const question = event.target.closest("button")?.dataset.question;
    if (!question || underWay) return;
    underWay = true;
    problem.textContent = "";
    const response = await ask(`${api}/questions`, "POST", { question }).catch(() => null);
    if (!response?.ok) problem.textContent = await reasonOf(response);
    underWay = false;
    refresh();
  });
}
