// Which phone stands beside this screen: its answers open their tickets here by themselves, for a call taker.

import { serverTime } from "./clocks.js";

const KEY = "siaga112-my-phone";
const FRESH_MS = 120_000; // what a feed tells late, after a cut, opens nothing any more
const takesCalls = document.querySelector("[data-takes-calls]") !== null;

export const myPhone = () => localStorage.getItem(KEY) ?? "";

/**
 * The ticket of a call that this desk's phone has just answered, or of a caller whom it has just called back; null for any
 * other entry of the feed.
 */
export function answeredHere(entry) {
  const phone = { taker_answered: entry.body?.party, return_call_reached: entry.body?.phone }[entry.type];
  const mine = takesCalls && phone !== undefined && phone === myPhone() && entry.ticket;
  return mine && serverTime() - Date.parse(entry.at) < FRESH_MS ? entry.ticket : null;
}

/** Have a select show the choice, and keep it for this browser. */
export function choosing(select) {
  select.value = myPhone();
  // A taker who is gone: the choice says so rather than nothing.
  if (select.selectedIndex < 0) select.value = "";
  select.addEventListener("change", () => localStorage.setItem(KEY, select.value));
}
