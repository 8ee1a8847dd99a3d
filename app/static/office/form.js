// Forms: a save bar that knows what changed, leaving asks, tabs, lines, and typing as a book-keeper types.
import "./lookup.js";
import { watchLines } from "./lines.js";

const form = document.querySelector("[data-form]");
if (form) {
  const bar = form.querySelector("[data-changes]");
  const save = form.querySelector("[data-save]");
  const failed = document.getElementById("problemas") !== null || form.hasAttribute("data-unsaved");
  const values = () => new Map([...new FormData(form)].filter(([name]) => name !== "csrf" && !name.startsWith("_")).map(([name, value]) => [name, typeof value === "string" ? value : value.name]));
  let before = values();
  let leaving = false;

  function changes() {
    const now = values();
    const names = new Set([...before.keys(), ...now.keys()]);
    const changed = [...names].filter((name) => before.get(name) !== now.get(name));
    return new Set(changed.map((name) => name.replace(/^(\w+-\d+)-.*$/, "$1"))).size;  // a line is one change
  }

  function show() {
    if (!bar) return;
    const many = changes();
    bar.textContent = many === 0 ? (failed && bar.dataset.failed) || bar.dataset.none : many === 1 ? bar.dataset.one : bar.dataset.many.replace("%n", many);
    if (save) save.disabled = many === 0 && !failed;
  }

  form.addEventListener("input", show);
  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => { leaving = !event.submitter?.hasAttribute("data-aside"); });
  document.querySelector("[data-leave]")?.addEventListener("click", () => { leaving = true; });
  addEventListener("beforeunload", (event) => { if (!leaving && (failed || changes())) event.preventDefault(); });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
      event.preventDefault();
      if (save && !save.disabled) form.requestSubmit(save);
    }
  });
  watchLines(form, show);
  show();
}

// The keypad's point is a comma wherever a figure is typed.
document.addEventListener("keydown", (event) => {
  if (event.code !== "NumpadDecimal" || event.target.inputMode !== "decimal") return;
  event.preventDefault();
  event.target.setRangeText(",", event.target.selectionStart, event.target.selectionEnd, "end");
  event.target.dispatchEvent(new Event("input", { bubbles: true }));
});

// 2111 is the 21st of November of this year, and so is 21/11/26 of that one: written out on leaving the field.
document.addEventListener("focusout", (event) => {
  if (!event.target.matches?.("[data-day]")) return;
  const typed = event.target.value.trim();
  const short = /^(\d{2})(\d{2})(\d{2}|\d{4})?$/.exec(typed) || /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{2})$/.exec(typed);
  if (!short) return;
  const year = short[3] || String(new Date().getFullYear());
  const [day, month] = [short[1], short[2]].map((part) => part.padStart(2, "0"));
  event.target.value = `${day}/${month}/${year.length === 2 ? `20${year}` : year}`;
});

// Tabs show one part of the form at a time; without scripts all parts stand one below the other.
const tabs = document.querySelector("[data-tabs]");
const panels = [...document.querySelectorAll("[data-panel]")];
if (tabs && panels.length > 1) {
  const links = [...tabs.querySelectorAll("a:not([data-page])")];
  const open = (slug) => {
    const wanted = panels.some((panel) => panel.id === slug) ? slug : panels[0].id;
    for (const panel of panels) panel.hidden = panel.id !== wanted;
    for (const link of links) {
      if (link.hash === `#${wanted}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  };
  tabs.addEventListener("click", (event) => {
    const link = event.target.closest("a:not([data-page])");
    if (!link) return;
    event.preventDefault();
    history.replaceState(null, "", link.hash);
    open(link.hash.slice(1));
  });
  for (const link of document.querySelectorAll("#problemas a")) {
    link.addEventListener("click", () => open(document.getElementById(link.hash.slice(1))?.closest("[data-panel]")?.id));
  }
  const wrong = document.querySelector(".is-invalid")?.closest("[data-panel]");
  open(wrong ? wrong.id : location.hash.slice(1));
}
