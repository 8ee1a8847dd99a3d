// What a form would make, in a frame beside it: sent to a new frame each time, so that the browser's Back button is not
// filled with proofs, and shown when it has come. None is asked for while it ``isHeld``.
export function watchProof(form, { patience = 500, isHeld = () => false } = {}) {
  const button = form.querySelector("[data-preview]");
  let waiting = 0;
  let turn = 0;

  function proof() {
    clearTimeout(waiting);
    if (isHeld()) return;
    const shown = form.querySelector("iframe:not([hidden])");
    const next = document.createElement("iframe");
    next.name = `preview-${++turn}`;
    next.title = shown.title;
    next.hidden = true;
    shown.after(next);
    const mine = turn;
    next.addEventListener("load", () => {
      if (mine !== turn) { next.remove(); return; }
      for (const old of form.querySelectorAll("iframe")) if (old !== next) old.remove();
      next.hidden = false;
    });
    button.formTarget = next.name;
    form.requestSubmit(button);
  }

  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(proof, patience);
  });
  button.addEventListener("click", (event) => {
    event.preventDefault();
    proof();
  });
  return proof;
}
