// Puts the figures the server worked out into the form of a document.
export function showFigures(form, figures, byTerms) {
  for (const row of form.querySelectorAll("[data-lines=lines] [data-line]")) {
    row.querySelector("[data-amount]").textContent = figures.lines[row.dataset.name] || "—";
  }
  offerTaxes(form, figures.taxes);
  const problem = form.querySelector("[data-problem]");
  problem.textContent = figures.problem;
  problem.hidden = !figures.problem;
  showErrors(form, figures.errors || {});
  if (figures.problem) return;
  form.querySelector("[data-sums]").replaceChildren(...figures.sums.flatMap(([label, amount, tone]) => [
    made("dt", label, tone === "big" ? "big" : ""),
    made("dd", amount, tone),
  ]));
  const issue = form.querySelector("[data-issue]");
  if (issue) issue.textContent = issue.dataset.words.replace("%s", figures.payable);
  showDues(form, figures, byTerms);
}

// Another day may have other taxes. A line keeps the one it has; what is wrong with it is told beside it.
function offerTaxes(form, taxes) {
  const wanted = taxes.map(([value]) => value).join();
  const blank = form.querySelector("[data-lines=lines] template").content.querySelector("select");
  for (const select of [blank, ...form.querySelectorAll("[data-lines=lines] select")]) {
    const kept = [...select.options].find((option) => option.value === select.value && !taxes.some(([value]) => value === option.value));
    const offered = [...select.options].filter((option) => option !== kept).map((option) => option.value).join();
    if (offered === wanted) continue;
    const chosen = select.value;
    select.replaceChildren(...(kept ? [kept] : []), ...taxes.map(([value, name]) => new Option(name, value)));
    select.value = chosen;
  }
}

function showDues(form, figures, byTerms) {
  const place = form.querySelector("[data-lines=dues]");
  if (!place) return;
  const body = place.querySelector("tbody");
  if (byTerms) {
    while (body.rows.length > figures.dues.length) body.lastElementChild.remove();
    while (body.rows.length < figures.dues.length) {
      const row = place.querySelector("template").content.firstElementChild.cloneNode(true);
      row.innerHTML = row.innerHTML.replaceAll("__row__", String(body.rows.length));
      row.dataset.name = `dues-${body.rows.length}`;
      body.append(row);
    }
    figures.dues.forEach((due, place) => {
      for (const name of ["day", "method", "account", "amount"]) {
        body.rows[place].querySelector(`[name$="-${name}"]`).value = due[name];
      }
    });
  }
  [...body.rows].forEach((row, place) => {
    row.querySelector("[data-share]").textContent = figures.dues[place]?.share || "";
  });
  const [tone, words] = figures.dues_state;
  const state = place.querySelector("[data-dues-state]");
  const check = made("i", "", "ti ti-check");
  check.setAttribute("aria-hidden", "true");
  state.replaceChildren(...(tone === "ok" ? [check, " "] : []), words);
  state.className = `small ${tone ? `t ${tone}` : "soft"}`;
}

// Beside the cell, as the server would say it on saving; not while it is still being typed.
function showErrors(form, errors) {
  for (const field of form.querySelectorAll(".is-invalid[data-live]")) {
    if (!(field.name in errors)) mark(field, "");
  }
  for (const [name, sentence] of Object.entries(errors)) {
    const field = form.elements[name];
    if (field && field !== document.activeElement) mark(field, sentence);
  }
}

function mark(field, sentence) {
  const hint = document.getElementById(`${field.id}-hint`);
  field.classList.toggle("is-invalid", Boolean(sentence));
  if (!sentence) {
    field.removeAttribute("aria-invalid");
    delete field.dataset.live;
    if (hint?.dataset.live) hint.remove();
    return;
  }
  field.setAttribute("aria-invalid", "true");
  field.dataset.live = "1";
  const place = hint || field.parentElement.appendChild(made("span", "", "v-hint t bad"));
  if (!hint) {
    place.id = `${field.id}-hint`;
    place.dataset.live = "1";
    field.setAttribute("aria-describedby", place.id);
  }
  if (place.dataset.live) place.textContent = sentence;
}

function made(tag, text, css) {
  const element = document.createElement(tag);
  element.textContent = text;
  if (css) element.className = css;
  return element;
}
