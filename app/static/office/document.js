// The form of a document: look-ups that fill, figures that follow the typing, lines that move, and a question before issuing.
import { watch } from "./lookup.js";
import { guarded } from "./session.js";
import { showFigures } from "./figures.js";

const form = document.querySelector("[data-document]");
const lines = form.querySelector("[data-lines=lines]");
const byTerms = form.querySelector("[data-by-terms]");
const more = lines.querySelector("[data-more]");
more.querySelector("span").textContent = more.dataset.words;

// Figures: asked of the server a moment after each change, the last answer wins.
let waiting;
let turn = 0;
function reckon() {
  clearTimeout(waiting);
  waiting = setTimeout(ask, 250);
}

async function ask() {
  const mine = ++turn;
  const body = new URLSearchParams(new FormData(form));
  const of = form.dataset.of ? `?of=${form.dataset.of}` : "";
  const answer = await fetch(`${form.dataset.document}estimate${of}`, guarded({ method: "POST", body })).catch(() => null);
  if (answer?.ok && mine === turn) showFigures(form, await answer.json(), byTerms?.checked);
}

form.addEventListener("input", (event) => {
  if (event.target.closest("[data-lines=dues]") && event.target !== byTerms) byTerms.checked = false;
  reckon();
});
form.addEventListener("change", reckon);
form.addEventListener("line", (event) => {
  const row = event.detail;
  if (row) row.dataset.name = row.querySelector("[name]").name.replace(/-[^-]*$/, "");
  if (event.target === lines) {
    row?.querySelectorAll("[data-lookup]").forEach(watch);
    number();
  } else if (byTerms) {
    byTerms.checked = false;
  }
  reckon();
});

function rows() {
  return [...lines.querySelectorAll("[data-line]")];
}

function number() {
  rows().forEach((row, place) => {
    row.querySelector("[data-place]").textContent = place + 1;
    for (const cell of row.querySelectorAll("[aria-label]")) {
      cell.setAttribute("aria-label", cell.getAttribute("aria-label").replace(/\d*$/, place + 1));
    }
  });
}

// The order of the lines is that of their numbers: two that change places exchange them.
function moveUp(row) {
  const above = row?.previousElementSibling;
  if (!above) return;
  above.before(row);
  const [mine, theirs] = [row.dataset.name, above.dataset.name];
  rename(row, mine, theirs);
  rename(above, theirs, mine);
  number();
  form.dispatchEvent(new Event("change", { bubbles: true }));
}

function rename(row, from, to) {
  row.dataset.name = to;
  for (const cell of row.querySelectorAll("[name]")) {
    if (cell.tagName === "BUTTON") cell.value = to;
    else cell.name = cell.name.replace(`${from}-`, `${to}-`);
  }
}

lines.addEventListener("click", (event) => {
  const up = event.target.closest("[data-up]");
  if (!up) return;
  event.preventDefault();
  moveUp(up.closest("[data-line]"));
  up.focus();
});
lines.addEventListener("keydown", (event) => {
  const row = event.target.closest("[data-line]");
  if (!row || !event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
  event.preventDefault();
  moveUp(event.key === "ArrowUp" ? row : row.nextElementSibling);
  event.target.focus();
});

// A customer brings its terms; an article its concept, price and tax.
form.addEventListener("chosen", (event) => {
  const found = event.detail;
  if (event.target.matches("[data-customer]")) chooseCustomer(found);
  else if (event.target.matches("[data-article]")) chooseArticle(event.target.closest("[data-line]"), found);
});

function chooseCustomer(found) {
  fillCustomer(found);
  form.elements.series.focus();
}

function fillCustomer(found) {
  form.querySelector("[data-customer-facts]").textContent = found.facts;
  const card = form.querySelector("[data-customer-card]");
  card.href = found.card;
  card.hidden = false;
  form.elements.payment_method.value = found.payment_method;
  form.elements.withholding_rate.value = found.withholding_rate === "0" ? "" : found.withholding_rate;
  form.elements.has_surcharge.checked = found.has_surcharge;
  if (byTerms) byTerms.checked = true;
}

async function lookUp(address) {
  const answer = await fetch(`${form.dataset.document}${address}`).catch(() => null);
  return answer?.ok && !answer.redirected ? (await answer.json()).results : [];
}

// A customer typed and not chosen is still one, if it can be only one.
form.elements.contact.addEventListener("change", async () => {
  const typed = form.elements.contact.value.trim();
  if (!typed || form.elements.contact_id.value) return;
  const results = await lookUp(`parties?term=${encodeURIComponent(typed)}`);
  if (form.elements.contact.value.trim() !== typed || form.elements.contact_id.value) return;
  const found = results.find((one) => one.code === typed) || (results.length === 1 ? results[0] : null);
  if (!found) return;
  form.elements.contact.value = found.text;
  form.elements.contact_id.value = found.id;
  fillCustomer(found);
  reckon();
});

function cell(row, name) {
  return row.querySelector(`[name$="-${name}"]`);
}

function chooseArticle(row, found) {
  cell(row, "code").value = found.code;
  cell(row, "concept").value = found.concept;
  cell(row, "unit_price").value = found.unit_price;
  chooseTax(cell(row, "tax"), found.tax);
  row.dataset.filled = found.code;
  cell(row, "quantity").focus();
  cell(row, "quantity").select();
  reckon();
}

// Without a single tax that is offered, somebody has to choose one.
function chooseTax(select, tax) {
  const isOffered = tax && [...select.options].some((option) => option.value === tax);
  if (!isOffered && select.options[0]?.value !== "") select.prepend(new Option("—", ""));
  select.value = isOffered ? tax : "";
}

// A code typed in full needs no choosing.
lines.addEventListener("change", async (event) => {
  const row = event.target.closest("[data-line]");
  if (!row || event.target !== cell(row, "code")) return;
  const code = event.target.value.trim();
  if (!code || row.dataset.filled === code || cell(row, "concept").value.trim()) return;
  const day = encodeURIComponent(form.elements.issued_on.value);
  const results = await lookUp(`articles?term=${encodeURIComponent(code)}&day=${day}`);
  const same = results.find((found) => found.code.toLowerCase() === code.toLowerCase());
  if (same && event.target.value.trim() === code && !cell(row, "concept").value.trim()) chooseArticle(row, same);
});

const series = form.elements.series;
series.addEventListener("change", () => {
  const hint = form.querySelector("[data-series]");
  hint.textContent = series.selectedOptions[0]?.dataset.hint || "";
});

// Enter goes on in the header too, it does not send.
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.defaultPrevented || event.target.closest("[data-lines]")) return;
  if (!event.target.matches("input, select")) return;
  event.preventDefault();
  const fields = [...form.querySelectorAll("input:not([type=hidden]), select, textarea")].filter((field) => field.offsetParent);
  fields[fields.indexOf(event.target) + 1]?.focus();
});

// Issuing asks first; what was agreed to no longer holds once something changes.
const question = document.querySelector("[data-modal]");
if (question) {
  question.removeAttribute("open");
  question.showModal();
  const forget = () => document.querySelector("[data-confirmed]")?.remove();
  question.querySelector("[data-close]").addEventListener("click", (event) => { event.preventDefault(); question.close(); });
  question.addEventListener("close", forget);
  form.addEventListener("input", forget);
}

// One press is one sending.
let sent = false;
form.addEventListener("submit", (event) => {
  if (event.submitter?.hasAttribute("data-aside")) return;
  if (sent) event.preventDefault();
  sent = true;
});
addEventListener("pageshow", () => { sent = false; });
