// A mail on its way: its state is asked for until it has arrived, or not; then the whole page is another.
const SOONEST = 800;
const LATEST = 15000;
let wait = SOONEST;

async function look() {
  const shown = document.querySelector("[data-mail]");
  if (!shown || "over" in shown.dataset) return;
  const answer = await fetch(shown.dataset.mail, { headers: { Accept: "text/html" } }).catch(() => null);
  if (answer?.redirected || (answer && !answer.ok)) return;
  const found = answer && new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-mail]");
  if (found && "over" in found.dataset) return location.reload();
  if (found && found.outerHTML !== shown.outerHTML) {
    shown.replaceWith(found);
    wait = SOONEST;
  } else wait = Math.min(wait * 1.3, LATEST);
  setTimeout(look, wait);
}

setTimeout(look, wait);
