// Whom a ticket is sent to: one click has an SKPD rung, withdraws it, hands over to it, or says for it how it stands.

import { ask } from "./shell.js";

const SAVE_WITHIN_MS = 1500;

const problem = document.getElementById("dispatch-problem");
const dialog = document.getElementById("note-dialog");
const note = document.getElementById("note");
const noteProblem = document.getElementById("note-problem");
const drafts = new Map(); // what was typed and not sent, by its button: nobody writes it twice
const underWay = new Set();
let asking = null; // the button for whose click the dialog stands open

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/**
 * Have clicks within `page` carried out below `api`. `save()` saves what is typed in the record: the officer is told
 * of it. `reasonOf(response)` gives a refusal's words, `refresh()` fetches the page's parts anew.
 */
export function dispatching(page, { api, save, reasonOf, refresh }) {
  /** Ask for it once, however often the button is pressed meanwhile; gives whether it was done. */
  async function post(id, path, body, where = problem) {
    if (underWay.has(id)) return false;
    underWay.add(id);
    where.textContent = "";
    const response = await ask(`${api}${path}`, "POST", body).catch(() => null);
    if (!response?.ok) where.textContent = await reasonOf(response);
    underWay.delete(id);
    refresh();
    return Boolean(response?.ok);
  }

  /** What was typed is saved first, but nobody's help waits for a form that cannot be saved. */
  async function ring(id, asked) {
    if (underWay.has(id)) return;
    underWay.add(id);
    await Promise.race([save().catch(() => {}), pause(SAVE_WITHIN_MS)]);
    underWay.delete(id);
    await post(id, "/dispatches", asked);
  }

  function writeNote(button) {
    asking = { id: button.id, path: `/dispatches/${button.dataset.of}/updates`, state: button.dataset.say };
    document.getElementById("note-title").textContent = button.textContent;
    note.value = drafts.get(asking.id) ?? "";
    noteProblem.textContent = "";
    dialog.showModal();
  }

  page.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    const { dispatch, mode, join, cancel, of, say } = button?.dataset ?? {};
    if (dispatch) ring(button.id, { skpd: dispatch, mode });
    else if (join) post(button.id, `/dispatches/${join}/join`);
    else if (cancel) post(button.id, `/dispatches/${cancel}/cancel`);
    else if (say && "needsNote" in button.dataset) writeNote(button);
    else if (say) post(button.id, `/dispatches/${of}/updates`, { state: say });
    else if (button && "handOver" in button.dataset) post(button.id, "/hand-over");
  });

  note.addEventListener("input", () => drafts.set(asking.id, note.value));
  document.getElementById("note-cancel").addEventListener("click", () => dialog.close());
  dialog.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const { id, path, state } = asking;
    if (!(await post(id, path, { state, note: note.value }, noteProblem))) return;
    drafts.delete(id);
    if (asking.id === id) dialog.close();
  });
}
