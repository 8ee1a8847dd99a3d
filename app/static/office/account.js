// A mail account: what its servers are asked comes back into the form, and a test tells its steps as it goes.
const form = document.querySelector("[data-account]");
const test = document.getElementById("prueba");
const read = (html) => new DOMParser().parseFromString(html, "text/html");

async function post(action, fields) {
  const headers = { Accept: "text/html" };
  return fetch(action, { method: "POST", body: new URLSearchParams(fields), headers }).catch(() => null);
}

function swap(page, selector) {
  const [shown, found] = [document.querySelector(selector), page.querySelector(selector)];
  if (shown && found) shown.replaceWith(found);
  return Boolean(shown && found);
}

// What somebody went on typing while the servers were asked stays, and so does the password, which never comes back.
function carryOver(page, asked) {
  for (const [field, state] of typed()) {
    const place = page.getElementById(field.id);
    const isKept = field.type === "password" || field === document.activeElement || asked.get(field) !== state;
    if (!place || !isKept) continue;
    const isOpen = field.closest("details")?.open;
    place.replaceWith(field);
    if (isOpen) field.closest("details").open = true;
  }
}

const typed = () => new Map([...form.querySelectorAll("[data-fresh] :is(input,select)[id]")].map(
  (field) => [field, field.type === "checkbox" ? field.checked : field.value]));

async function ask(name, value) {
  const find = () => form.querySelector(`[name="${name}"][value="${value}"]`);
  const [fields, asked] = [new FormData(form), typed()];
  fields.append(name, value);
  find().setAttribute("aria-busy", "true");
  const answer = await post(form.action, fields);
  const page = answer && read(await answer.text());
  if (!page?.querySelector("[data-fresh]")) throw new Error("not the form");  // asleep, or gone
  const isHere = document.activeElement?.id;
  document.getElementById("problemas")?.remove();
  const problems = page.getElementById("problemas");
  carryOver(page, asked);
  swap(page, "[data-fresh]");
  if (problems) form.before(problems);
  if (name === "_preset") suggested = document.getElementById("host").value;
  form.dispatchEvent(new Event("change"));
  ((isHere && document.getElementById(isHere)) || find()).focus();
}

let asking = Promise.resolve();  // one after the other
let suggested = "";  // a server that nobody typed gives way to that of another address
let isNative = false;
form?.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button?.hasAttribute("data-aside") || isNative) return;
  event.preventDefault();
  const { name, value } = button;
  asking = asking.then(() => ask(name, value)).catch(() => { isNative = true; form.requestSubmit(button); });
});

form?.addEventListener("change", (event) => {
  const field = event.target;
  if (field.id === "sender_email" && field.value.includes("@") && ["", suggested].includes(document.getElementById("host").value)) {
    form.querySelector('[name="_preset"]').click();
  }
  const server = field.matches?.("select") && field.value.endsWith("-own") && field.closest(".v-server");
  if (server && server.querySelector("input").value) server.querySelector('[name="_certificate"]').click();
});

// What was wrong with the address tried before.
function forgetErrors() {
  for (const field of document.querySelectorAll("#probar [aria-invalid]")) {
    field.classList.remove("is-invalid");
    field.removeAttribute("aria-invalid");
  }
  document.querySelector("#probar .v-hint.bad")?.remove();
}

test?.addEventListener("submit", async (event) => {
  event.preventDefault();
  forgetErrors();
  const answer = await post(test.action, new FormData(test));
  if (!answer?.ok || !answer.body) {
    if (!answer || !swap(read(await answer.text()), "#probar")) test.submit();
    return;
  }
  const report = document.querySelector("[data-report]");
  report.replaceChildren();
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let html = ""; ; ) {
    const { value, done } = await reader.read();
    if (done) break;
    html += value;
    report.replaceChildren(...(read(html).querySelector("[data-report]")?.childNodes ?? []));
  }
});
