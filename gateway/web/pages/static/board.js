// The board: fetched anew whenever something happened, and now and then for the phones' state.

import { setNow } from "./clocks.js";
import { keptFresh } from "./fresh.js";
import { follow } from "./live.js";
import { answeredHere, choosing } from "./my_phone.js";
import { fill, showOwed } from "./shell.js";

const board = document.getElementById("board");
const news = document.getElementById("news");
const title = document.title;
const PHONES_EVERY_MS = 3000;
let heard = Number(board.dataset.seq);

const refresh = keptFresh(() => `/fragments/board?heard=${heard}`, show);

async function show(response) {
  const html = await response.text();
  const focused = document.activeElement?.id;
  const had = board.contains(document.activeElement);
  board.innerHTML = html; // written and escaped by our own server
  if (had && focused) document.getElementById(focused)?.focus();
  setNow(Number(response.headers.get("X-Now-Ms")));
  showOwed(board);
  const waiting = board.querySelectorAll(".waiting [data-call]").length;
  document.title = waiting ? `(${waiting}) ${title}` : title;
}

if ("live" in board.dataset) {
  follow(heard, {
    onEntry(entry) {
      heard = Math.max(heard, entry.seq);
      const mine = answeredHere(entry);
      if (mine) location.assign(`/tickets/${mine}`);
      if (entry.type === "ticket_opened") news.textContent = fill(news.dataset.newTicket, { number: entry.ticket ?? "" });
      refresh();
    },
    onBack: refresh,
  });
}
const phone = document.getElementById("my-phone");
if (phone) choosing(phone);
setInterval(refresh, PHONES_EVERY_MS);
