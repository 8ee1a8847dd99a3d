// Lists: ticking rows with their count, the whole search as a second step, and the keyboard.
import "./lookup.js";

const form = document.querySelector("[data-rows]");
if (form) {
  const boxes = [...form.querySelectorAll("input[name=pks]")];
  const rows = boxes.length ? boxes.map((box) => box.closest("tr")) : [...form.querySelectorAll("tbody tr")];
  const all = form.querySelector("[data-all]");
  const scope = form.querySelector("[data-scope]");
  const said = form.querySelector("[data-ticked]");
  const whole = form.querySelector("[data-select-whole]");
  const column = [...form.querySelectorAll("thead th")].findIndex((cell) => cell.classList.contains("c-total"));
  let at = -1;
  let last = null;

  const cents = (text) => {
    const plain = text.replace("−", "-").replace(/\./g, "").replace(",", ".");
    return /^-?\d+(\.\d+)?$/.test(plain) ? Math.round(Number(plain) * 100) : 0;
  };
  const spell = (total) => (total / 100).toLocaleString("es-ES", { minimumFractionDigits: 2, useGrouping: "always" });

  function show() {
    const ticked = boxes.filter((box) => box.checked);
    for (const box of boxes) box.closest("tr").classList.toggle("is-on", box.checked);
    if (ticked.length < boxes.length) scope.value = "";
    if (all) {
      all.checked = ticked.length > 0 && ticked.length === boxes.length;
      all.indeterminate = ticked.length > 0 && ticked.length < boxes.length;
    }
    if (!said) return;
    const total = ticked.reduce((sum, box) => sum + (column < 0 ? 0 : cents(box.closest("tr").cells[column].textContent.trim())), 0);
    const words = ticked.length === 1 ? "1 marcada" : `${ticked.length} marcadas`;
    said.textContent = scope.value ? form.dataset.whole : column < 0 ? words : `${words} · ${spell(total)} €`;
    if (whole) whole.hidden = Boolean(scope.value) || ticked.length !== boxes.length;
  }

  function go(step) {
    if (!rows.length) return;
    rows[at]?.classList.remove("is-at");
    at = Math.max(0, Math.min(rows.length - 1, at + step));
    rows[at].classList.add("is-at");
    rows[at].scrollIntoView({ block: "nearest" });
    boxes[at]?.focus({ preventScroll: true });
  }

  form.addEventListener("click", (event) => {
    const box = event.target.closest("input[name=pks]");
    if (!box) return;
    if (event.shiftKey && last) {
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
      for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
    }
    last = box;
    show();
  });
  all?.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    show();
  });
  whole?.addEventListener("click", () => { scope.value = "filter"; show(); });
  form.addEventListener("reset", () => { scope.value = ""; setTimeout(show); });
  addEventListener("pageshow", show);

  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input:not([type=checkbox]), textarea, select, dialog") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "j") go(1);
    else if (event.key === "k") go(-1);
    else if (event.key === "x" && boxes[at]) { boxes[at].checked = !boxes[at].checked; show(); }
    else if (event.key === "Enter" && at >= 0 && !event.target.closest("a, button, summary")) {
      event.preventDefault();
      rows[at].querySelector(".c-no a")?.click();
    }
    else if (event.key === "n") document.querySelector("[data-new]")?.click();
    else if (event.key === "Escape" && boxes.some((box) => box.checked)) form.reset();
  });

  const sums = form.querySelector("[data-totals]");
  sums?.addEventListener("click", async (event) => {
    event.preventDefault();
    sums.textContent = "Sumando…";
    const answer = await fetch(sums.dataset.totals);
    if (!answer.ok) { location.href = sums.href; return; }
    sums.parentElement.innerHTML = await answer.text();
  });
}
