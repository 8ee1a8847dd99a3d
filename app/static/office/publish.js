// The publication dialogue works out what would happen each time something changes, and shows it in place.
import { isPressed, letGo, replaceParts } from "./parts.js";

const form = document.querySelector("[data-publish]");
let asking = null;
let waiting = 0;

const confirming = () => form.querySelector("[data-confirm]");

async function workOut() {
  asking?.abort();
  const { signal } = (asking = new AbortController());
  form.setAttribute("aria-busy", "true");
  try {
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.dataset.publish, { method: "POST", body, signal });
    if (!answer.ok) return askAgain();
    const parts = await answer.text();
    await letGo();
    if (signal.aborted) return;
    replaceParts(parts);
    document.title = document.title.replace(/^.*?( · )/, `${form.querySelector("h1").textContent}$1`);
    form.removeAttribute("aria-busy");
  } catch (error) {
    if (error.name !== "AbortError") askAgain();
  }
}

// Whatever stands in the way (a session that rests, another company, no network) is told by a whole page.
function askAgain() {
  const only = document.createElement("input");
  [only.type, only.name, only.value] = ["hidden", "_preview", "1"];
  form.append(only);
  form.submit();
}

function changed(event) {
  clearTimeout(waiting);
  const button = confirming();
  if (button && !isPressed()) button.disabled = true;
  waiting = setTimeout(workOut, event.type === "input" ? 300 : 0);
}

form.addEventListener("change", changed);
form.addEventListener("input", (event) => event.target.matches("input[inputmode]") && changed(event));

// A press that came twice is one: the button rests once it has been pressed.
form.addEventListener("submit", () => {
  clearTimeout(waiting);
  asking?.abort();
  setTimeout(() => confirming()?.setAttribute("disabled", ""));
});
addEventListener("pageshow", (event) => event.persisted && workOut());
