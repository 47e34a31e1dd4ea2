// The banner over a screen that may be out of date; each part that has lost touch says so for itself.

const banner = document.getElementById("feed-cut");
const lost = new Set();

/** Say that a part of the screen is out of date (`on`), or no longer. */
export function outOfDate(part, on) {
  if (on) lost.add(part);
  else lost.delete(part);
  if (banner.hidden !== (lost.size === 0)) {
    banner.hidden = lost.size === 0;
    banner.textContent = lost.size ? banner.dataset.text : "";
  }
}

export const isOutOfDate = (part) => lost.has(part);
