// The door.

import { fill } from "./shell.js";

const form = document.getElementById("sign-in");
const problem = document.getElementById("problem");

async function refusal(name, password) {
  let response;
  try {
    response = await fetch("/api/v1/session", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ name, password }),
    });
  } catch {
    return form.dataset.unreachable;
  }
  if (response.ok) return null;
  if (response.status === 429) return fill(form.dataset.tooMany, { seconds: response.headers.get("Retry-After") ?? "60" });
  return response.status < 500 ? form.dataset.refused : form.dataset.unreachable;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  problem.textContent = "";
  const reason = await refusal(form.elements.name.value, form.elements.password.value);
  if (reason === null) {
    location.assign(form.dataset.next);
    return;
  }
  button.disabled = false;
  problem.textContent = reason;
  form.elements.password.value = "";
  form.elements.password.focus();
});
