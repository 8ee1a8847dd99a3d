// A session that rests asks for the password in place; what is being typed stays where it is.
const token = () => document.querySelector("meta[name=csrf]");
const FIRST = 25 * 60 * 1000;
const LOOK = 20 * 1000;
let due = Date.now() + FIRST; // when to ask whether the session still serves

export function watchSession() {
  if (!document.querySelector(".v-app")) return;
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && Date.now() >= due) ask();
  });
  setInterval(() => { if (Date.now() >= due) ask(); }, LOOK);
  document.addEventListener("submit", holdForms, true);
}

// A form sent after a long rest waits until the session is known to serve.
async function holdForms(event) {
  const form = event.target;
  if (form.method !== "post" || Date.now() < due || form.dataset.held) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const button = event.submitter;
  await ask();
  form.dataset.held = "1";
  form.requestSubmit(button);
  delete form.dataset.held;
}

async function ask() {
  const answer = await fetch("/admin/session", { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) return;
  const { awake, seconds } = await answer.json();
  due = awake ? Date.now() + seconds * 1000 : Infinity;
  if (awake) return;
  await askPassword();
  due = Date.now() + FIRST;
}

function askPassword() {
  return new Promise((resolve) => {
    const dialog = document.createElement("dialog");
    dialog.className = "v-modal";
    dialog.setAttribute("aria-labelledby", "again-title");
    dialog.innerHTML = `
      <form method="dialog"><h2 id="again-title">Escriba su contraseña para seguir</h2>
      <p class="soft mt-2">Ha pasado un rato sin usar Ventanilla. Lo que estaba escribiendo sigue aquí.</p>
      <label class="form-label mt-3" for="again">Contraseña</label>
      <input class="form-control" id="again" type="password" autocomplete="current-password" maxlength="128" required>
      <p class="t bad small mt-2" role="alert"></p>
      <p class="mt-3 d-flex gap-2"><button class="btn btn-primary">Seguir</button><a class="btn" href="/admin/login">Salir</a></p></form>`;
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.querySelector("form").addEventListener("submit", async (event) => {
      event.preventDefault();
      const body = new URLSearchParams({ _password: dialog.querySelector("input").value });
      const answer = await fetch("/admin/reauth", { method: "POST", body, headers: { "X-CSRF-Token": token().content } });
      const said = await answer.json().catch(() => ({ detail: "No hay conexión. Vuelva a probar." }));
      if (!answer.ok) {
        dialog.querySelector("[role=alert]").textContent = said.detail;
        return;
      }
      token().content = said.csrf;
      for (const field of document.querySelectorAll("input[name=csrf]")) field.value = said.csrf;
      dialog.close();
      dialog.remove();
      resolve();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

// For fetches of ours that write.
export function guarded(options = {}) {
  const company = document.querySelector("meta[name=company]").content;
  return { ...options, headers: { ...options.headers, "X-CSRF-Token": token().content, "X-Company": company } };
}
