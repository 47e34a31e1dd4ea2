// One player for all recordings of a page, outside what is fetched anew: a button with `data-play` says which.

const player = document.getElementById("player");
const sound = player?.querySelector("audio");
const title = document.getElementById("player-title");
let asked = null;

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-play]");
  if (!button || !player) return;
  asked = button;
  player.hidden = false;
  title.textContent = button.dataset.title;
  sound.src = button.dataset.play;
  sound.play().catch(() => {}); // an error has its own event below
});

sound?.addEventListener("error", () => {
  if (sound.getAttribute("src")) title.textContent = player.dataset.failed;
});

document.getElementById("player-close")?.addEventListener("click", () => {
  sound.pause();
  sound.removeAttribute("src");
  player.hidden = true;
  // The part of the page in which it stood may have been fetched anew meanwhile.
  (asked?.isConnected ? asked : document.getElementById(asked?.id))?.focus();
});
