// The area by its name: a search box before the list of areas. The list stays the form's own field, and is there again
// when the search does not answer.

import { ask } from "./shell.js";

const ANSWER_WITHIN_MS = 4000;

const field = document.getElementById("area-field");
const label = field.querySelector("label");
const select = field.querySelector("select");
const box = document.getElementById("area-search");
const list = document.getElementById("area-found");
const said = document.getElementById("area-said");

let shown = ""; // the chosen area, as the box has it; anything else in there is still being typed
let found = [];
let foundFor = null;
let active = -1;
let picked = null; // the code that the arrows have moved to since something was typed
let underWay = null;
let lastWish = Promise.resolve();

const typed = () => box.value.trim();

/** Whether the box holds something that is no area yet. */
export const searching = () => typed() !== shown;

/** Done once what was wished of the box last (Enter, leaving it) has had its effect. */
export const areaSettled = () => lastWish;

function nameOfChosen() {
  const option = select.selectedOptions[0];
  if (!option?.value) return "";
  const district = option.closest("optgroup")?.label;
  return district && !("whole" in option.dataset) ? `${option.text}, ${district}` : option.text;
}

function say(text) {
  said.textContent = text;
  if (text === field.dataset.notChosen) box.setAttribute("aria-invalid", "true");
  else box.removeAttribute("aria-invalid");
}

function showChosen() {
  shown = nameOfChosen();
  box.value = shown;
  say("");
}

/** Another area, or none: as if it had been picked from the list. */
function take(area) {
  const code = area?.code ?? "";
  if (![...select.options].some((one) => one.value === code)) select.add(new Option(area.name, code));
  select.value = code;
  close();
  showChosen();
  select.dispatchEvent(new Event("input", { bubbles: true }));
}

// ---- the search: one question at a time, and once more while something else was typed meanwhile

function search() {
  underWay ??= untilAnswered().finally(() => {
    underWay = null;
  });
  return underWay;
}

async function untilAnswered() {
  for (;;) {
    const text = typed();
    const answer = text ? await areasFor(text).catch(withoutSearch) : [];
    if (!answer) return;
    if (text === typed()) {
      show(text, answer);
      return;
    }
  }
}

/** Those that a text may mean; all of them for none. */
async function areasFor(text) {
  const late = new Promise((_, fail) => {
    setTimeout(fail, ANSWER_WITHIN_MS, new Error("no answer"));
  });
  const response = await Promise.race([ask(`/api/v1/areas${text ? `?q=${encodeURIComponent(text)}` : ""}`), late]);
  if (!response.ok) throw new Error(`${response.status}`);
  return (await response.json()).items;
}

function withoutSearch() {
  const hadFocus = document.activeElement === box;
  close();
  box.value = shown;
  box.closest(".area-search").hidden = true;
  select.hidden = false;
  label.htmlFor = select.id;
  if (hadFocus) select.focus();
  said.textContent = field.dataset.noSearch;
}

// ---- what was found

function row(area, place) {
  const line = document.createElement("li");
  line.id = `area-${place}`;
  line.setAttribute("role", "option");
  const name = document.createElement("b");
  name.textContent = area.name;
  const of = document.createElement("small");
  of.textContent = [area.level === "kelurahan" ? "" : area.level, area.parent_name ?? ""].filter(Boolean).join(", ");
  line.append(name, " ", of);
  return line;
}

function show(text, areas) {
  [found, foundFor] = [areas, text];
  list.replaceChildren(...areas.map(row));
  list.hidden = !areas.length || document.activeElement !== box;
  box.setAttribute("aria-expanded", String(!list.hidden));
  // Whoever has moved on before the answer came stays where they are.
  const place = areas.findIndex((one) => one.code === picked);
  point(place < 0 && areas.length ? 0 : place);
  say(text && !areas.length ? field.dataset.none : "");
}

function point(place) {
  active = place;
  [...list.children].forEach((line, at) => line.setAttribute("aria-selected", String(at === place)));
  if (place < 0) box.removeAttribute("aria-activedescendant");
  else box.setAttribute("aria-activedescendant", list.children[place].id);
  list.children[place]?.scrollIntoView({ block: "nearest" });
}

function close() {
  list.hidden = true;
  list.replaceChildren();
  [found, foundFor, picked] = [[], null, null];
  box.setAttribute("aria-expanded", "false");
  point(-1);
}

// ---- what is wished

function enter() {
  lastWish = (async () => {
    if (!typed() && list.hidden) return take(null);
    // Who types faster than the answer comes means the first of what it finds.
    if (foundFor !== typed()) await search();
    const area = found[active];
    return area && (!picked || area.code === picked) ? take(area) : undefined;
  })();
}

/** Leaving the box takes what is somebody's whole name; a guess is for people to take. What else was typed stays. */
function leave() {
  lastWish = (async () => {
    const text = typed();
    if (text === shown) return say("");
    if (!text) return take(null);
    if (foundFor !== text) await search();
    if (!searching() || typed() !== text) return undefined;
    const exact = found.filter((one) => one.closeness === "exact");
    return exact.length === 1 ? take(exact[0]) : say(field.dataset.notChosen);
  })();
}

async function move(step) {
  if (!list.hidden) {
    point((active + step + found.length) % found.length);
    picked = found[active].code;
  } else if (searching() && typed()) {
    search();
  } else {
    const all = await areasFor("").catch(withoutSearch);
    if (all) show(typed(), all);
  }
}

function back(event) {
  if (list.hidden && !searching()) return;
  // It is the box that is meant, not what is about to be closed.
  event.stopPropagation();
  close();
  showChosen();
}

box.addEventListener("input", (event) => {
  // Not the form's: nothing is changed before an area is taken.
  event.stopPropagation();
  picked = null;
  search();
});
box.addEventListener("keydown", (event) => {
  if (event.ctrlKey && event.key.toLowerCase() === "s") leave();
  else if (event.key === "Escape") back(event);
  else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    move(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Enter" && (searching() || !list.hidden)) {
    event.preventDefault();
    enter();
  }
});
box.addEventListener("focus", () => searching() && typed() && search());
box.addEventListener("blur", () => {
  if (box.closest("[hidden]")) return;
  leave();
  list.hidden = true;
  box.setAttribute("aria-expanded", "false");
});
// The box keeps the keyboard while somebody points at a line.
list.addEventListener("pointerdown", (event) => event.preventDefault());
list.addEventListener("click", (event) => {
  const line = event.target.closest("li");
  if (line) take(found[[...list.children].indexOf(line)]);
});

field.addEventListener("click", (event) => {
  const { area, name } = event.target.closest("button")?.dataset ?? {};
  if (!area) return;
  take({ code: area, name });
  label.control.focus();
});

// Somebody else has chosen another area, or the server's has been taken: what is being typed here stays.
select.addEventListener("follow", () => {
  if (searching()) shown = nameOfChosen();
  else showChosen();
});

box.closest(".area-search").hidden = false;
select.hidden = true;
label.htmlFor = box.id;
showChosen();
