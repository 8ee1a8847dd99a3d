// Texts of mails: the mail they would make, as they are typed; variables into the subject where the cursor stands.
import { watchProof } from "./proof.js";

const form = document.querySelector("[data-texts]");
const proof = watchProof(form);
for (const field of form.querySelectorAll("[name=_sample], [name=_format]")) field.addEventListener("change", proof);

if (form.hasAttribute("data-unsaved")) proof(); // what was refused or begun is not what is kept

const subject = form.querySelector("#subject");
const menu = form.querySelector("[data-insert]");
menu.hidden = false;
menu.addEventListener("click", (event) => {
  const chosen = event.target.closest("[data-variable]");
  if (!chosen) return;
  menu.open = false;
  subject.focus();
  subject.setRangeText(`{${chosen.dataset.variable}}`, subject.selectionStart, subject.selectionEnd, "end");
  subject.dispatchEvent(new Event("input", { bubbles: true }));
});
