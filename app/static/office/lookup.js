// A field that looks something up while it is typed: arrows and Enter choose, the id goes into the hidden field.
for (const place of document.querySelectorAll("[data-lookup]")) watch(place);

export function watch(place) {
  const field = place.querySelector("[role=combobox]");
  const chosen = place.querySelector("input[type=hidden]");
  const list = document.createElement("ul");
  list.id = `${field.id}-options`;
  list.setAttribute("role", "listbox");
  list.hidden = true;
  field.setAttribute("aria-controls", list.id);
  field.after(list);
  let waiting;
  let asked = 0;

  field.addEventListener("input", () => {
    chosen.value = "";
    clearTimeout(waiting);
    waiting = setTimeout(search, 150);
  });
  field.addEventListener("keydown", (event) => {
    const options = [...list.children];
    const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      mark(options, (at + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length);
    } else if (event.key === "Enter" && !list.hidden && options[at]) {
      event.preventDefault();
      choose(options[at]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      close();
    }
  });
  field.addEventListener("blur", () => setTimeout(close, 150));
  list.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) { event.preventDefault(); choose(option); }
  });

  async function search() {
    const term = field.value.trim();
    if (term.length < 2) { close(); return; }
    const turn = ++asked;
    const answer = await fetch(`${place.dataset.lookup}?term=${encodeURIComponent(term)}`);
    if (!answer.ok || answer.redirected || turn !== asked || document.activeElement !== field) return;
    const { results } = await answer.json();
    list.replaceChildren(...results.map(option));
    list.hidden = !results.length;
    field.setAttribute("aria-expanded", String(!list.hidden));
    mark([...list.children], 0);
  }

  function option(found, number) {
    const item = document.createElement("li");
    item.id = `${list.id}-${number}`;
    item.setAttribute("role", "option");
    item.dataset.found = JSON.stringify(found);
    const named = found.text.replace(`${found.code} · `, ""); // the code stands before it
    for (const [tag, text] of [["b", found.code || ""], ["span", named], ["span", found.hint || ""]]) {
      const part = document.createElement(tag);
      part.textContent = text;
      item.append(part);
    }
    item.lastChild.className = "num soft";
    return item;
  }

  function mark(options, at) {
    options.forEach((item, number) => item.setAttribute("aria-selected", String(number === at)));
    if (options[at]) field.setAttribute("aria-activedescendant", options[at].id);
  }

  function choose(item) {
    const found = JSON.parse(item.dataset.found);
    chosen.value = found.id;
    field.value = found.text;
    close();
    place.dispatchEvent(new CustomEvent("chosen", { bubbles: true, detail: found }));
    chosen.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function close() {
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }
}
