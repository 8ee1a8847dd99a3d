// Giving or withdrawing access: the button and the promise say how many people are ticked.
const form = document.querySelector("[data-access]");
const boxes = [...form.querySelectorAll("input[name=who]")];
const able = boxes.filter((box) => !box.disabled);
const all = form.querySelector("[data-all]");
const button = form.querySelector("[data-confirm]");
const mails = form.querySelector("[data-mails]");
const tell = form.querySelector("[name=tell]");

const spell = (number) => number.toLocaleString("es-ES");
const words = (place, number) =>
  number === 0 ? place.dataset.none : number === 1 ? place.dataset.one : place.dataset.many.replace("%n", spell(number));

function show() {
  const ticked = able.filter((box) => box.checked);
  for (const box of able) {
    const row = box.closest("tr");
    row.classList.toggle("is-on", box.checked);
    row.querySelector("[data-deed]")?.classList.toggle("soft", !box.checked);
  }
  all.checked = ticked.length > 0 && ticked.length === able.length;
  all.indeterminate = ticked.length > 0 && ticked.length < able.length;
  if (button) {
    button.disabled = ticked.length === 0;
    button.textContent = words(button, ticked.length);
  }
  if (!mails) return;
  const letters = tell.checked ? new Set(ticked.map((box) => box.value.replace(/^\d+:/, ""))).size : 0;
  mails.textContent = words(mails, letters);
}

if (boxes.length) {
  all.hidden = false;
  all.addEventListener("change", () => {
    for (const box of able) box.checked = all.checked;
    show();
  });
  form.addEventListener("change", show);
  addEventListener("pageshow", show);
}
form.addEventListener("submit", () => setTimeout(() => button?.setAttribute("disabled", "")));
