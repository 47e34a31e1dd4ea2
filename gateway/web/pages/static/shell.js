// What every page has: signing out, and asking the API with the session's proof.

const proof = document.querySelector("meta[name=csrf]");
const over = document.getElementById("session-over");
const beforeSigningOut = [];
const unsaved = [];

export const csrf = () => proof?.content ?? "";

/**
 * Ask the API; gives the Response, or sends a visitor whose session is over to the door. Whoever has signed in again
 * elsewhere in this browser goes on here, as the same person.
 */
export async function ask(path, method = "GET", body = undefined) {
  let response = await send(path, method, body);
  if (response.status === 403 && (await isStaleProof(response.clone())) && (await newProof())) {
    response = await send(path, method, body);
  }
  if (response.status === 401) toTheDoor();
  else signedIn();
  return response;
}

function send(path, method, body) {
  return fetch(path, {
    method,
    headers: {
      Accept: "application/json",
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(method === "GET" ? {} : { "X-CSRF-Token": csrf() }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

const isStaleProof = async (response) => (await response.json().catch(() => ({}))).type === "urn:siaga112:problem:csrf";

async function newProof() {
  const response = await fetch("/api/v1/session");
  const session = response.ok ? await response.json() : {};
  if (session.name !== proof?.dataset.user) return false;
  proof.content = session.csrf;
  return true;
}

/** A sentence with its {places} filled. Text only: whoever shows it uses textContent. */
export const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

/** How many are owed a call back, beside its name in the menu: as the part of a page says that has just arrived. */
export function showOwed(root) {
  const count = document.getElementById("owed-count");
  const owed = root.querySelector("[data-owed]")?.dataset.owed;
  if (!count || owed === undefined) return;
  count.textContent = owed;
  count.hidden = owed === "0";
}

/** Have a page that holds something unsaved (`isUnsaved()`) stay when the session is over, and say so. */
export const staysWhile = (isUnsaved) => unsaved.push(isUnsaved);

export function toTheDoor() {
  if (over && unsaved.some((isUnsaved) => isUnsaved())) over.hidden = false;
  else location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
}

/** The server knows this visitor again. */
export function signedIn() {
  if (over) over.hidden = true;
}

/** Have `ready()` finish what only this person may do; when it gives false, nobody is signed out. */
export const whenSigningOut = (ready) => beforeSigningOut.push(ready);

document.getElementById("sign-out")?.addEventListener("click", async () => {
  for (const ready of beforeSigningOut) if (!(await ready())) return;
  await ask("/api/v1/session", "DELETE");
  location.assign("/sign-in");
});
