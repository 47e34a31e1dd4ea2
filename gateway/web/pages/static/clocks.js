// Clocks that count, by the server's time: a desk's own clock may be minutes wrong.

let ahead = 0; // server's milliseconds − those of performance.now()

/** Take the server's time, as it has just arrived (milliseconds since 1970). */
export function setNow(ms) {
  ahead = ms - performance.now();
  tick();
}

/** Take it from the part of the page that has just arrived. */
export const setTime = (root) => setNow(Number(root.querySelector("[data-now-ms]").dataset.nowMs));

/** The server's time, in milliseconds since 1970. */
export const serverTime = () => performance.now() + ahead;

/** 19:04:05: now, by the server's clock, in the city's zone. */
export const cityTime = (zone) => new Date(serverTime()).toLocaleTimeString("en-GB", { timeZone: zone });

export function lasted(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function tickClock(clock, now) {
  const left = Number(clock.dataset.dueMs) - now;
  write(clock.querySelector(".figure"), left < 0 ? `+${lasted(-left)}` : lasted(left));
  if (left < 0 && clock.dataset.state === "running") {
    clock.dataset.state = "breached";
    write(clock.querySelector(".word"), clock.dataset.late);
    clock.querySelector("use").setAttribute("href", "/static/icons.svg#breached");
    clock.closest("[data-ticket]")?.classList.add("late");
  }
}

function tick() {
  const now = serverTime();
  for (const one of document.querySelectorAll("[data-since-ms]")) write(one, lasted(now - Number(one.dataset.sinceMs)));
  for (const one of document.querySelectorAll(".clock[data-due-ms]")) tickClock(one, now);
  const late = document.getElementById("late-count");
  if (late) {
    const count = document.querySelectorAll("[data-ticket].late").length;
    write(late, String(count));
    late.parentElement.classList.toggle("alarm", count > 0);
  }
}

if (document.querySelector("[data-now-ms]")) setTime(document);
setInterval(tick, 250);
