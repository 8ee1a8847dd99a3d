/* The publication dialogue works out what would happen each time something changes, and shows it in place. */
const form = document.querySelector("[data-publish]");
let asking = null;
let waiting = 0;

function confirming() {
  return form.querySelector("footer .btn-primary");
}

async function workOut() {
  asking?.abort();
  asking = new AbortController();
  form.setAttribute("aria-busy", "true");
  try {
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.dataset.publish, { method: "POST", body, signal: asking.signal });
    if (!answer.ok) {
      askAgain();
      return;
    }
    replaceParts(await answer.text());
    form.removeAttribute("aria-busy");
  } catch (error) {
    if (error.name !== "AbortError") askAgain();
  }
}

/* Whatever stands in the way (the session fell asleep, another company, no network) is told by a whole page. */
function askAgain() {
  const only = document.createElement("input");
  only.type = "hidden";
  only.name = "_preview";
  only.value = "1";
  form.append(only);
  form.submit();
}

function replaceParts(html) {
  const found = new DOMParser().parseFromString(html, "text/html");
  for (const part of found.querySelectorAll("[data-part]")) {
    const shown = document.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!shown) continue;
    keepOpen(shown, part);
    if (shown.outerHTML !== part.outerHTML) shown.replaceWith(part);
  }
  document.title = document.title.replace(/^.*?( · )/, `${form.querySelector("h1").textContent}$1`);
}

function keepOpen(before, after) {
  const were = before.querySelectorAll("details");
  after.querySelectorAll("details").forEach((details, place) => (details.open = were[place]?.open ?? false));
}

function changed(event) {
  if (event.target.name === "csrf") return;
  clearTimeout(waiting);
  const button = confirming();
  if (button) button.disabled = true;
  waiting = setTimeout(workOut, event.type === "input" ? 300 : 0);
}

form.addEventListener("change", changed);
form.addEventListener("input", (event) => event.target.matches("input[inputmode]") && changed(event));

/* Typing a number of the range means wanting the range. */
form.querySelector(".v-range")?.addEventListener("focusin", () => {
  const range = form.querySelector("#scope-range");
  if (range.checked) return;
  range.checked = true;
  range.dispatchEvent(new Event("change", { bubbles: true }));
});

form.addEventListener("submit", () => {
  const button = confirming();
  if (button) setTimeout(() => (button.disabled = true));
});
