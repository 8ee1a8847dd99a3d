// Parts of a page that the server works out again: each is found by its name and takes the place of the old one.

export function replaceParts(html) {
  const found = new DOMParser().parseFromString(html, "text/html");
  for (const part of found.querySelectorAll("[data-part]")) {
    const shown = document.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!shown) continue;
    keepOpen(shown, part);
    if (shown.outerHTML !== part.outerHTML) shown.replaceWith(part);
  }
}

function keepOpen(before, after) {
  const were = before.querySelectorAll("details");
  after.querySelectorAll("details").forEach((details, place) => (details.open = were[place]?.open ?? false));
}

// A button that confirms stays the same while it is pressed: pressing it makes the field just written tell its change,
// and what that comes to would take the button away before it is let go.
const AFTER_TOUCH = 300; // where fingers press, the change and the click come after the finger has left
let release = null;
let released = Promise.resolve();

document.addEventListener("pointerdown", (event) => {
  if (release || !event.target.closest("[data-confirm]:enabled")) return;
  released = new Promise((resolve) => { release = () => { release = null; resolve(); }; });
});
document.addEventListener("pointerup", () => setTimeout(() => release?.(), AFTER_TOUCH));
document.addEventListener("pointercancel", () => release?.());
document.addEventListener("click", () => setTimeout(() => release?.()));

export const isPressed = () => release !== null;
export const letGo = () => released;

export function afterTyping(work, patience = 300) {
  let waiting = 0;
  return () => {
    clearTimeout(waiting);
    waiting = setTimeout(work, patience);
  };
}
