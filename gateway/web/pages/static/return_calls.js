// A click calls a caller back: this desk's phone rings first. Another click withdraws what only rings.

import { myPhone } from "./my_phone.js";
import { ask, fill } from "./shell.js";

/**
 * Follow the clicks on `root`. `words` has noPhone and notDone; `reasonOf(response)` gives the refusal in this page's
 * language; `say(text, bad)` tells it; `refresh()` shows what has become of it.
 */
export function returning(root, { words, reasonOf, say, refresh }) {
  async function post(path, body) {
    const response = await ask(`/api/v1/${path}`, "POST", body).catch(() => null);
    say(response?.ok ? "" : fill(words.notDone, { reason: await reasonOf(response) }), !response?.ok);
    await refresh();
  }

  root.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-return-call], [data-withdraw]");
    if (!button || button.disabled) return;
    const { returnCall, withdraw } = button.dataset;
    if (returnCall && !myPhone()) {
      say(words.noPhone, true);
      document.getElementById("my-phone")?.focus();
      return;
    }
    button.disabled = true; // one click, one call
    await (withdraw ? post(`return-calls/${withdraw}/cancel`) : post(`${returnCall}/return-calls`, { phone: myPhone() }));
    button.disabled = false; // where the part did not change
  });
}
