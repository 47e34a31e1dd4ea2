// The taker's form against a ticket that others may change at the same moment: nothing typed is ever lost.

const form = document.getElementById("record");
const panel = document.getElementById("conflict");
const NUMBERS = new Set(["severity"]);

const names = () => [...new Set([...form.elements].filter((one) => one.name).map((one) => one.name))];

export const value = (name) => form.elements[name]?.value ?? "";
const label = (name) => {
  const box = form.querySelector(`[data-field="${name}"]`);
  return box.querySelector("label, legend").textContent.trim();
};

/** What a person reads for a value: the chosen option's words. */
export function spoken(name, text) {
  if (text === "") return panel.dataset.empty;
  const field = form.elements[name];
  if (field instanceof RadioNodeList) {
    return [...field].find((one) => one.value === text)?.parentElement.textContent.trim() ?? text;
  }
  return field.options ? ([...field.options].find((one) => one.value === text)?.textContent.trim() ?? text) : text;
}

function put(name, text) {
  const field = form.elements[name];
  if (field.options && ![...field.options].some((one) => one.value === text)) field.add(new Option(text, text));
  field.value = text;
  // The area's search box shows what its list has.
  if (field.options) field.dispatchEvent(new Event("follow"));
}

/** A ticket of the API as the form would hold it. */
function asForm(ticket) {
  const read = (name) => name.split(".").reduce((one, key) => one?.[key], ticket);
  return Object.fromEntries(names().map((name) => [name, asField(name, (read(name) ?? "").toString())]));
}

/** As a browser keeps it: a field of one line drops line breaks, so they are no change of anybody's. */
const asField = (name, text) =>
  form.elements[name].type === "text" ? text.replace(/[\r\n]/g, "") : text.replace(/\r\n?/g, "\n");

/** What the server wrote into a field: somebody may have typed before this script was there. */
function written(name) {
  const field = form.elements[name];
  if (field instanceof RadioNodeList) return [...field].find((one) => one.defaultChecked)?.value ?? "";
  if (field.options) return [...field.options].find((one) => one.defaultSelected)?.value ?? "";
  return field.defaultValue;
}

let base = Object.fromEntries(names().map((name) => [name, written(name)]));
let version = Number(form.dataset.version);

/** What the server has for a field, as far as this page knows. */
export const known = (name) => base[name];
export const currentVersion = () => version;
export const touched = () => names().filter((name) => value(name) !== base[name]);

/** What a PATCH has to say: the fields that differ from what the server had. */
export function changes(only = touched()) {
  const body = { version };
  for (const name of only) {
    const text = value(name);
    const sent = text === "" ? null : NUMBERS.has(name) ? Number(text) : text;
    const [outer, inner] = name.split(".");
    if (inner) body[outer] = { ...body[outer], [inner]: sent };
    else body[outer] = sent;
  }
  return body;
}

/** The server has this now; what was sent is no change any more, what was typed since stays. */
export function saved(ticket, sent) {
  if (ticket.version < version) return;
  const now = asForm(ticket);
  for (const name of names()) {
    if (value(name) === (sent[name] ?? base[name])) put(name, now[name]);
    base[name] = now[name];
  }
  version = ticket.version;
  hidePanel();
}

/**
 * Somebody else changed the ticket. Untouched fields follow; touched ones keep what was typed here, with the other's
 * value beside it. Gives the labels of the fields that followed and of those that clash, and whether the call type
 * is another one now. What is older than what is known here changes nothing.
 */
export function merge(ticket) {
  if (ticket.version < version) return { followed: [], clashes: [], retyped: false };
  const theirs = asForm(ticket);
  const retyped = theirs.call_type !== base.call_type;
  const followed = [];
  const clashes = [];
  for (const name of names()) {
    if (theirs[name] === base[name]) continue;
    if (value(name) === base[name]) {
      put(name, theirs[name]);
      followed.push(label(name));
    } else if (value(name) !== theirs[name]) {
      clashes.push(name);
    }
    base[name] = theirs[name];
  }
  version = ticket.version;
  for (const name of clashes) open.add(name);
  showPanel(followed);
  return { followed, clashes: clashes.map(label), retyped };
}

// ---- the panel: theirs beside ours

const open = new Set();

function hidePanel() {
  open.clear();
  panel.hidden = true;
  panel.replaceChildren();
}

function element(tag, text, cls) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (cls) made.className = cls;
  return made;
}

function settle(name, take) {
  if (take) put(name, base[name]);
  open.delete(name);
  if (open.size) showPanel([]);
  else hidePanel();
  form.querySelector(`[data-field="${name}"] label`).control.focus();
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

function row(name) {
  const line = element("tr");
  const head = element("th", label(name));
  head.scope = "row";
  const buttons = element("td", undefined, "buttons");
  for (const [words, take] of [
    [panel.dataset.take, true],
    [panel.dataset.keep, false],
  ]) {
    const button = element("button", words);
    button.type = "button";
    button.setAttribute("aria-label", `${words}: ${label(name)}`);
    button.addEventListener("click", () => settle(name, take));
    buttons.append(button);
  }
  line.append(head, element("td", spoken(name, base[name]), "theirs"), element("td", spoken(name, value(name)), "yours"), buttons);
  line.dataset.name = name;
  return line;
}

function showPanel(followed) {
  if (!open.size) return;
  const { title, lead, updated, field, theirs, yours } = panel.dataset;
  const table = element("table");
  const heads = element("tr");
  for (const words of [field, theirs, yours]) {
    const head = element("th", words);
    head.scope = "col";
    heads.append(head);
  }
  heads.append(element("td"));
  const top = element("thead");
  top.append(heads);
  const rows = element("tbody");
  rows.append(...[...open].map(row));
  table.append(top, rows);
  panel.replaceChildren(element("h3", title), element("p", lead), table);
  if (followed.length) panel.append(element("p", `${updated} (${followed.join(", ")})`, "note"));
  panel.hidden = false;
}

form.addEventListener("input", () => {
  for (const line of panel.querySelectorAll("tr[data-name]")) {
    line.querySelector(".yours").textContent = spoken(line.dataset.name, value(line.dataset.name));
  }
});
