// A part of a page that is fetched anew: one fetch at a time, again until one succeeds, and said when none does.

import { outOfDate } from "./banner.js";
import { toTheDoor } from "./shell.js";

const ANSWER_WITHIN_MS = 5000;
const AGAIN_AFTER_MS = 500;
const OUT_OF_DATE_AFTER_MS = 2000;

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/**
 * Gives what fetches `address()` anew and has `show(response)` show it. Asked while a fetch is under way it fetches
 * once more afterwards: what is on its way may have been written before the reason to ask. `part` tells it from others
 * of the same page.
 */
export function keptFresh(address, show, part = "part") {
  let underWay = null;
  let asked = false;

  async function once() {
    const response = await fetch(address(), { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    if (response.status === 401) toTheDoor();
    if (!response.ok) throw new Error(`${response.status}`);
    await show(response);
  }

  async function untilShown() {
    const late = setTimeout(() => outOfDate(part, true), OUT_OF_DATE_AFTER_MS);
    for (;;) {
      asked = false;
      try {
        await once();
        if (!asked) break;
      } catch {
        await pause(AGAIN_AFTER_MS);
      }
    }
    clearTimeout(late);
    outOfDate(part, false);
  }

  return () => {
    asked = true;
    underWay ??= untilShown().finally(() => {
      underWay = null;
    });
    return underWay;
  };
}
