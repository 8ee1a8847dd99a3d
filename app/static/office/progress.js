// A publication that is still going: its figures are asked for again until nothing moves any more.
import { replaceParts } from "./parts.js";

const SOONEST = 2000;
const LATEST = 30000;
const PATIENCE = 15 * 60000;
let wait = SOONEST;
let unchanged = 0;
let before = "";

async function look() {
  const answer = await fetch(document.querySelector("[data-progress]").dataset.progress).catch(() => null);
  if (answer && (answer.redirected || !answer.ok)) return;
  const now = answer ? await answer.text() : before;
  if (now === before) {
    unchanged += wait;
    wait = Math.min(wait * 1.5, LATEST);
  } else {
    [wait, unchanged, before] = [SOONEST, 0, now];
    replaceParts(now);
  }
  const isOver = "over" in document.querySelector("[data-progress]").dataset;
  if (!isOver && unchanged < PATIENCE) setTimeout(look, wait);
}

setTimeout(look, wait);
