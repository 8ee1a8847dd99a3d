// Optional: every page works without it. It only shows what needs it, and never asks anybody for anything.
for (const button of document.querySelectorAll("[data-show]")) {
  const input = document.getElementById(button.dataset.show);
  const words = { password: button.textContent, text: button.dataset.hide };
  button.hidden = false;
  button.addEventListener("click", () => {
    input.type = input.type === "password" ? "text" : "password";
    button.textContent = words[input.type];
    button.setAttribute("aria-pressed", input.type === "text");
  });
}

// Nobody sends a form twice by pressing again.
for (const form of document.querySelectorAll("form[method=post]"))
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// The bar's list of further sections goes away like any other list.
const more = document.querySelector(".nav details");
addEventListener("click", (event) => more?.contains(event.target) || more?.removeAttribute("open"));
addEventListener("keydown", (event) => event.key === "Escape" && more?.removeAttribute("open"));

// On paper: the PDF where the browser can show one, else this page, which has print styles of its own. Where somebody
// has to sign in first there is nothing to print yet.
for (const link of document.querySelectorAll("[data-print]"))
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const shown = navigator.pdfViewerEnabled && open(link.href);
    if (!shown) print();
    else shown.addEventListener("load", () => shown.document.contentType === "application/pdf" && shown.print());
  });
