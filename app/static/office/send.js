// Sending documents by mail: what would happen and how it would arrive, worked out while somebody writes.
import { isPressed, letGo, replaceParts } from "./parts.js";
import { watchProof } from "./proof.js";
import { regainSession } from "./session.js";

const form = document.querySelector("[data-send]");
const body = form.querySelector(".v-send");
let isAway = false; // the session does not serve just now
const proof = watchProof(form, { isHeld: () => isAway });
let asking = null;
let waiting = 0;

const confirming = () => form.querySelector("[data-confirm]");

// Files are sent once, as soon as they are chosen; afterwards their names travel with the form.
async function workOut({ files = false, drop = "", isRegained = false } = {}) {
  asking?.abort();
  const { signal } = (asking = new AbortController());
  body.setAttribute("aria-busy", "true");
  const fields = new FormData(form);
  if (!files) fields.delete("files");
  if (drop) fields.set("_preview", drop);
  try {
    const answer = await fetch(form.dataset.send, { method: "POST", body: fields, signal });
    const isShut = answer.redirected || [401, 403].includes(answer.status);
    if (isShut && !isRegained) return regain({ files, drop });
    if (!answer.ok) return askAgain();
    const parts = await answer.text();
    await letGo();
    if (signal.aborted) return;
    replaceParts(parts);
    markWrong();
    body.removeAttribute("aria-busy");
    if (files || drop) proof();
  } catch (error) {
    if (error.name !== "AbortError") askAgain();
  }
}

// A session that rests, or was renewed or ended in another tab: what is written stays, and goes on once it serves.
async function regain(asked) {
  const note = document.createElement("p");
  note.className = "v-note warn";
  note.setAttribute("role", "alert");
  const tell = () => {
    note.textContent = "Su sesión se ha renovado o ha terminado en otra pestaña. Lo que ha escrito sigue aquí: escriba su contraseña para seguir.";
    form.querySelector(".v-beside").prepend(note);
  };
  isAway = true;
  const serves = await regainSession(tell);
  isAway = false;
  note.remove();
  if (!serves) return askAgain();
  workOut({ ...asked, isRegained: true });
  proof();
}

// Whatever else stands in the way (another company, no network) is told by a whole page.
function askAgain() {
  const only = document.createElement("input");
  [only.type, only.name, only.value] = ["hidden", "_preview", "1"];
  form.append(only);
  written = false;
  form.submit();
}

function changed(patience) {
  const button = confirming();
  if (button && !isPressed()) button.disabled = true;
  later(patience);
}

function later(patience) {
  clearTimeout(waiting);
  waiting = setTimeout(workOut, patience);
}

const isOnlyShown = (field) => field.name?.startsWith("_");
const isText = (field) => field.matches("[name=subject], .v-rich *, .v-rich textarea");

form.addEventListener("change", (event) => {
  const field = event.target;
  if (field.type === "file" && field.name === "files") return chosen(field);
  if (isOnlyShown(field)) return proof();
  if (!isText(field)) changed(0);
});
form.addEventListener("input", (event) => {
  if (isText(event.target)) later(800);
  if (event.target.closest("[data-people]") || event.target.matches("[name=day], [name=hour]")) changed(400);
});
form.addEventListener("click", (event) => {
  const drop = event.target.closest("[data-drop]");
  if (!drop) return;
  event.preventDefault();
  workOut({ drop: drop.value });
});

function chosen(input) {
  const kept = [...form.querySelectorAll("[data-octets]")].reduce((sum, one) => sum + Number(one.dataset.octets), 0);
  const all = [...input.files].reduce((sum, file) => sum + file.size, kept);
  if (all <= Number(input.dataset.most)) return workOut({ files: true });
  input.value = "";
  input.setAttribute("aria-invalid", "true");
  input.classList.add("is-invalid");
  const hint = form.querySelector("#files-most");
  hint.classList.add("t", "bad");
  hint.setAttribute("role", "alert");
  hint.textContent = input.dataset.tooLarge;
}

// A press that came twice is one: the button rests once it has been pressed. What was written is not left by accident.
let written = false;
form.addEventListener("input", (event) => { written ||= event.isTrusted && !isOnlyShown(event.target); });
form.addEventListener("submit", (event) => {
  if (event.submitter?.matches("[data-preview]")) return;
  written = false;
  if (!event.submitter?.matches("[data-confirm]")) return;
  clearTimeout(waiting);
  asking?.abort();
  setTimeout(() => confirming()?.setAttribute("disabled", ""));
});
document.addEventListener("click", (event) => { if (event.target.closest("[data-leave]")) written = false; });
addEventListener("beforeunload", (event) => { if (written) event.preventDefault(); });
addEventListener("pageshow", (event) => event.persisted && workOut());

// The server says which address is none; one that is still being written is left alone.
function markWrong() {
  for (const said of form.querySelectorAll("[data-people] [data-wrong]")) {
    const { wrong } = said.dataset;
    const fields = [...said.closest("[data-people]").querySelectorAll(".v-addresses input")];
    for (const field of fields) mark(field, wrong && field.value.trim() === wrong && field !== document.activeElement);
    said.hidden = Boolean(wrong) && !fields.some((field) => field.matches(".is-invalid"));
  }
}

function mark(field, isWrong) {
  field.classList.toggle("is-invalid", Boolean(isWrong));
  if (isWrong) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

// Addresses: one in each control. What separates addresses elsewhere goes on to the next one here.
for (const people of form.querySelectorAll("[data-people]")) {
  const place = people.querySelector(".v-addresses");

  function next(text = "") {
    const last = place.lastElementChild;
    if (!last.value) { last.value = text; return last; }
    const another = last.cloneNode();
    another.removeAttribute("id");
    mark(another, false);
    another.value = text;
    place.append(another);
    return another;
  }

  const addresses = (text) => text.split(/[\s,;<>]+/).filter((part) => part.includes("@"));

  // What was wrong with an address is no longer true once it is another.
  place.addEventListener("input", ({ target }) => {
    mark(target, false);
    if (!place.querySelector(".is-invalid")) people.querySelector(".v-hint.bad")?.remove();
  });
  // Several in one are one in each, told before the form hears of the change.
  place.addEventListener("change", ({ target }) => {
    const found = addresses(target.value);
    if (found.length < 2) return;
    target.value = found.shift();
    for (const one of found) next(one);
    proof();
  });
  place.addEventListener("keydown", (event) => {
    if (!["Enter", ",", ";"].includes(event.key)) return;
    event.preventDefault();
    if (event.target.value.trim()) { next().focus(); changed(0); }
  });
  place.addEventListener("paste", (event) => {
    const found = addresses(event.clipboardData.getData("text"));
    if (found.length < 2) return;
    event.preventDefault();
    for (const one of found) next(one);
    next().focus();
    changed(0);
    proof();
  });
  place.addEventListener("focusout", (event) => {
    if (event.target.value.trim() && event.target === place.lastElementChild) next();
  });
}

proof();
