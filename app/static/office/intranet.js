// Settings of the intranet: an address judged while it is typed, a colour and a button seen before they are saved.
import { afterTyping, replaceParts } from "./parts.js";

document.querySelector(".v-tabs [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });

const verdict = document.querySelector("[data-check]");
const slug = document.getElementById("slug");
if (verdict && slug) {
  const before = verdict.textContent;
  const judge = afterTyping(async () => {
    const answer = await fetch(`${verdict.dataset.check}?slug=${encodeURIComponent(slug.value)}`).catch(() => null);
    if (!answer?.ok) return;
    const said = await answer.json();
    verdict.textContent = said.free ? `${said.sentence} ${said.address}` : said.sentence;
    verdict.className = `v-hint t ${said.free ? "ok" : "bad"}`;
  });
  slug.addEventListener("input", () => {
    if (slug.value.trim() && slug.value !== slug.defaultValue) return judge();
    verdict.textContent = before;
    verdict.className = "v-hint";
  });
}

const look = document.querySelector("[data-colours]");
const accent = document.getElementById("accent");
if (look && accent) {
  accent.addEventListener("input", afterTyping(() => {
    look.href = `${look.dataset.colours}?colour=${encodeURIComponent(accent.value)}`;
  }, 120));
}

const asked = document.querySelector("[data-buttons]");
if (asked) {
  const show = afterTyping(async () => {
    const wanted = new URLSearchParams();
    for (const field of asked.querySelectorAll("[name]")) wanted.set(field.name, field.value);
    const answer = await fetch(`${asked.dataset.buttons}?${wanted}`).catch(() => null);
    if (answer?.ok) replaceParts(await answer.text());
  });
  asked.addEventListener("input", show);
  asked.addEventListener("change", show);
}

document.addEventListener("click", (event) => {
  const word = event.target.closest("[data-copy]")?.querySelector("[data-copied]");
  if (!word || word.textContent === word.dataset.copied) return;
  const before = word.textContent;
  word.textContent = word.dataset.copied;
  setTimeout(() => { word.textContent = before; }, 2000);
});
