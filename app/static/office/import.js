// Importing: what was chosen with its sizes, what cannot be sent said at once, and progress without reloading.
const form = document.querySelector("[data-upload]");
if (form) {
  const input = form.querySelector("input[type=file]");
  const list = form.querySelector("[data-chosen]");
  const refused = form.querySelector("[data-refused]");
  const button = form.querySelector("button.btn-primary");
  const size = (bytes) => (bytes < 1048576 ? `${Math.max(1, Math.round(bytes / 1024))} kB` : `${(bytes / 1048576).toLocaleString("es-ES", { maximumFractionDigits: 1 })} MB`);

  function show() {
    const files = [...input.files];
    list.replaceChildren(...files.map((file) => Object.assign(document.createElement("li"), { textContent: `${file.name} · ${size(file.size)}` })));
    list.hidden = files.length < 2;
    const large = files.find((file) => file.size > Number(form.dataset.most));
    const all = files.reduce((sum, file) => sum + file.size, 0);
    refused.textContent = large ? form.dataset.tooLarge.replace("%n", large.name) : all > Number(form.dataset.mostAll) ? form.dataset.tooMany : "";
    refused.hidden = !refused.textContent;
    button.disabled = !refused.hidden;
  }

  input.addEventListener("change", show);
  for (const name of ["dragenter", "dragover"]) input.addEventListener(name, () => input.classList.add("on"));
  for (const name of ["dragleave", "drop", "change"]) input.addEventListener(name, () => input.classList.remove("on"));
  form.addEventListener("submit", () => setTimeout(() => { button.disabled = true; }));
  addEventListener("pageshow", show);
}

const going = document.querySelector("[data-going]");
if (going) {
  const look = async () => {
    const answer = await fetch(location.href, { headers: { "X-Progress": "1" } }).catch(() => null);
    if (answer?.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const now = page.querySelector("[data-going]");
      if (now?.dataset.going !== going.dataset.going) { location.reload(); return; }
      going.innerHTML = now.innerHTML;
    }
    setTimeout(look, 700);
  };
  setTimeout(look, 300);
}
