/* A publication that is still going: its figures are asked for again until nothing moves any more. */
const SOONEST = 2000;
const LATEST = 30000;
const PATIENCE = 15 * 60000;
let wait = SOONEST;
let unchanged = 0;

async function look() {
  const shown = document.querySelector("[data-progress]");
  const answer = await fetch(shown.dataset.progress, { headers: { Accept: "text/html" } }).catch(() => null);
  if (answer?.redirected || (answer && !answer.ok)) return;
  if (answer) compare(shown, await answer.text());
  const now = document.querySelector("[data-progress]");
  if (!("over" in now.dataset) && unchanged < PATIENCE) setTimeout(look, wait);
}

function compare(shown, html) {
  const found = new DOMParser().parseFromString(html, "text/html").querySelector("[data-progress]");
  if (!found) return;
  if (found.textContent === shown.textContent) {
    unchanged += wait;
    wait = Math.min(wait * 1.5, LATEST);
    return;
  }
  [wait, unchanged] = [SOONEST, 0];
  shown.replaceWith(found);
}

setTimeout(look, wait);
