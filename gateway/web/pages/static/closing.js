// One key closes a ticket, after a moment in which the same hand can take it back.

import { fill } from "./shell.js";

const AFTER_S = 5;
const bar = document.getElementById("closing");
let timer = null;
let pending = null;

function end() {
  clearTimeout(timer);
  const was = pending;
  pending = null;
  if (bar) bar.hidden = true;
  return was;
}

/** Close in a moment: `close()` then, `undo()` when somebody takes it back. A further key begins the moment anew. */
export function closeSoon(words, { close, undo }) {
  const first = end();
  // What is taken back is what was there before the first key.
  pending = { words, close, undo: first?.undo ?? undo };
  count(AFTER_S);
}

function count(left) {
  bar.querySelector("span").textContent = fill(bar.dataset.text, { type: pending.words, seconds: left });
  bar.hidden = false;
  timer = setTimeout(() => (left > 1 ? count(left - 1) : closeNow()), 1000);
}

/** Whether a ticket is about to be closed. */
export const isClosing = () => pending !== null;

/** Forget it: somebody has turned the ticket otherwise, or it is no prank after all. Gives whether there was anything. */
export const forget = () => end() !== null;

/** Do not wait for the moment to be over. */
export const closeNow = () => end()?.close();

export const undo = () => end()?.undo();

document.getElementById("closing-undo")?.addEventListener("click", undo);
