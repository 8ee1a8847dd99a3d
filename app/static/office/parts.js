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

export function afterTyping(work, patience = 300) {
  let waiting = 0;
  return () => {
    clearTimeout(waiting);
    waiting = setTimeout(work, patience);
  };
}
