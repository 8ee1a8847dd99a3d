// Lines inside a form: one more, one less, and Enter goes to the next cell.
export function watchLines(form, changed) {
  for (const place of form.querySelectorAll("[data-lines]")) {
    const body = place.querySelector("tbody");
    const blank = place.querySelector("template");
    let next = body.rows.length + 1000;

    const add = () => {
      const row = blank.content.firstElementChild.cloneNode(true);
      row.innerHTML = row.innerHTML.replaceAll("__row__", String(next++));
      body.append(row);
      (row.querySelector("input:not([type=hidden]), textarea") || row.querySelector("select"))?.focus();
      place.dispatchEvent(new CustomEvent("line", { bubbles: true, detail: row }));
      changed();
      return row;
    };

    place.addEventListener("click", (event) => {
      if (event.target.closest("[data-more]")) { event.preventDefault(); add(); }
      const less = event.target.closest("[data-less]");
      if (less) {
        event.preventDefault();
        const row = less.closest("[data-line]");
        const neighbour = row.nextElementSibling || row.previousElementSibling;
        row.remove();
        (neighbour?.querySelector("input, select") || place.querySelector("[data-more]")).focus();
        place.dispatchEvent(new CustomEvent("line", { bubbles: true }));
        changed();
      }
    });

    place.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.defaultPrevented || event.target.matches("button")) return;
      event.preventDefault();
      const cells = [...body.querySelectorAll("input:not([type=hidden]), select, textarea")];
      const following = cells[cells.indexOf(event.target) + 1];
      if (following) following.focus();
      else add();
    });
  }
}
