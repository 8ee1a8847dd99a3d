// What every page has: copying, the menu's open groups, one open pop-up at a time, the keys, and a session that rests.
import { watchSession } from "./session.js";
import { showKeys } from "./keys.js";

const isTyping = (target) => target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");

document.addEventListener("click", async (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    await navigator.clipboard.writeText(copy.dataset.copy);
    const icon = copy.querySelector(".ti");
    icon?.classList.replace("ti-copy", "ti-check");
    announce("Copiado");
    setTimeout(() => icon?.classList.replace("ti-check", "ti-copy"), 2000);
  }
  const reveal = event.target.closest("[data-reveal]");
  if (reveal) {
    const field = document.getElementById(reveal.dataset.reveal);
    field.type = field.type === "password" ? "text" : "password";
    reveal.setAttribute("aria-pressed", String(field.type === "text"));
  }
  if (event.target.closest("[data-keys]")) showKeys();
  for (const open of document.querySelectorAll(".v-pop[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
});

// The arrows walk through an open pop-up, and the one downwards opens it.
document.addEventListener("keydown", (event) => {
  const pop = event.target.closest?.(".v-pop");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!pop || !step || pop.querySelector(".v-pop-form")) return;
  event.preventDefault();
  pop.open = true;
  const all = [...pop.querySelectorAll("a[href], button:enabled")];
  const at = all.indexOf(document.activeElement);
  all.at(at < 0 && step < 0 ? -1 : (at + step) % all.length)?.focus();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const open = document.querySelector(".v-pop[open]");
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
      return;
    }
    if (event.target.matches?.("input[type=search]")) {
      event.target.value = "";
      event.target.blur();
    }
  }
  if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") {
    const search = document.querySelector("input[type=search]");
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  }
  if (event.key === "?") showKeys();
});

function announce(text) {
  const status = document.createElement("div");
  status.className = "visually-hidden";
  status.setAttribute("role", "status");
  document.body.append(status);
  setTimeout(() => { status.textContent = text; }, 50);
  setTimeout(() => status.remove(), 3000);
}

for (const group of document.querySelectorAll("details[data-group]")) {
  const key = `menu:${group.dataset.group}`;
  const kept = localStorage.getItem(key);
  if (kept && !group.querySelector("[aria-current]")) group.open = kept === "1";
  group.addEventListener("toggle", () => localStorage.setItem(key, group.open ? "1" : "0"));
}
for (const button of document.querySelectorAll("[data-reveal]")) button.hidden = false;
for (const here of document.querySelectorAll(":is(.v-tabs, .v-kinds) [aria-current]")) {
  here.scrollIntoView({ inline: "center", block: "nearest" });
}
document.querySelector("[data-focus]")?.focus();
watchSession();
