// The live feed: told once, in order, from where this page stands; a banner as soon as it falls silent.

import { isOutOfDate, outOfDate } from "./banner.js";
import { signedIn, toTheDoor } from "./shell.js";

const SILENT_AFTER_MS = 2250; // the server speaks every second
const BACK_WITHIN_MS = 1000; // a connection that ended, and is there again so soon, is not worth a word
const SIGNED_OUT = 4401; // what the server closes with when the session is over
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4000;

/**
 * Follow the feed after sequence number `since`. `onEntry(entry)` for each that happened; `onBack()` when the feed is
 * there again after a cut.
 */
export function follow(since, { onEntry, onBack }) {
  let seq = since;
  let pause = FIRST_PAUSE_MS;
  let heard = performance.now();
  let socket = null;
  let again = null;

  function hear(message) {
    heard = performance.now();
    pause = FIRST_PAUSE_MS;
    signedIn();
    if (isOutOfDate("feed")) {
      outOfDate("feed", false);
      onBack();
    }
    if (message.type === "heartbeat") return;
    seq = Math.max(seq, message.seq);
    onEntry(message);
  }

  function connect() {
    again = null;
    const url = new URL(`/api/v1/live?since=${seq}`, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const mine = new WebSocket(url);
    socket = mine;
    mine.onmessage = (event) => mine === socket && hear(JSON.parse(event.data));
    mine.onclose = (event) => {
      if (mine !== socket) return;
      if (event.code === SIGNED_OUT) toTheDoor();
      retry(); // where the page stays, somebody may sign in again elsewhere in this browser
    };
  }

  async function retry() {
    socket = null;
    heard = Math.min(heard, performance.now() - SILENT_AFTER_MS + BACK_WITHIN_MS);
    if (again !== null) return;
    again = setTimeout(connect, pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    const session = await fetch("/api/v1/session").catch(() => null);
    if (session?.status === 401) toTheDoor();
  }

  function watch() {
    if (performance.now() - heard < SILENT_AFTER_MS) return;
    outOfDate("feed", true);
    // A connection that neither speaks nor ends: a cable pulled, a proxy that holds it.
    if (socket?.readyState === WebSocket.OPEN) {
      socket.close();
      retry();
    }
  }

  connect();
  setInterval(watch, 250);
}
