// A place that the network told of is taken over into the ticket by a click, and never by itself.

const problem = document.getElementById("place-problem");

/** Have clicks within `page` taken over. `take(location)` has it written down, and gives why not where it was not. */
export function takingOver(page, take) {
  page.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-take-lat]");
    if (!button || button.disabled) return;
    button.disabled = true;
    problem.textContent = "";
    const { takeLat, takeLon, takeSource } = button.dataset;
    const refused = await take({ lat: Number(takeLat), lon: Number(takeLon), source: takeSource });
    problem.textContent = refused ?? "";
    button.disabled = false;
  });
}
