// What every page has: signing out, and asking the API with the session's proof.

export const csrf = () => document.querySelector("meta[name=csrf]")?.content ?? "";

/** Ask the API; gives the Response, or sends a visitor whose session is over to the door. */
export async function ask(path, method = "GET", body = undefined) {
  const response = await fetch(path, {
    method,
    headers: {
      Accept: "application/json",
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(method === "GET" ? {} : { "X-CSRF-Token": csrf() }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (response.status === 401) toTheDoor();
  return response;
}

/** A sentence with its {places} filled. Text only: whoever shows it uses textContent. */
export const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

export function toTheDoor() {
  location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
}

document.getElementById("sign-out")?.addEventListener("click", async () => {
  await ask("/api/v1/session", "DELETE");
  location.assign("/sign-in");
});
