// A session that rests asks for the password in place; what is being typed stays where it is.
const token = () => document.querySelector("meta[name=csrf]");
const FIRST = 25 * 60 * 1000;
const LOOK = 20 * 1000;
let due = Date.now() + FIRST; // when to ask whether the session still serves
let asking = null;
const tabs = new BroadcastChannel("session"); // one session for all of a browser's: who has its token tells the others

export function watchSession() {
  if (!document.querySelector(".v-app")) return;
  tabs.addEventListener("message", ({ data }) => put(data));
  tabs.postMessage(token().content);
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

async function ask(told) {
  const now = await look();
  if (!now) return false;
  due = now.awake ? Date.now() + now.seconds * 1000 : Infinity;
  if (now.awake) return true;
  told?.();
  await (asking ??= askPassword().finally(() => { asking = null; }));
  due = Date.now() + FIRST;
  return true;
}

// Another tab may have renewed the session: what is here takes its token.
async function look() {
  const answer = await fetch("/admin/session", { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) return null;
  const now = await answer.json();
  take(now.csrf);
  return now;
}

function take(csrf) {
  put(csrf);
  tabs.postMessage(csrf);
}

function put(csrf) {
  token().content = csrf;
  for (const field of document.querySelectorAll("input[name=csrf]")) field.value = csrf;
}

// For what was refused because the session rests, has ended or was renewed elsewhere: true once it serves again.
// ``told`` is called when a password has to be asked for.
export const regainSession = (told) => ask(told);

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
      const finish = () => { dialog.close(); dialog.remove(); resolve(); };
      if ((await look())?.awake) return finish();
      const body = new URLSearchParams({ _password: dialog.querySelector("input").value });
      const answer = await fetch("/admin/reauth", { method: "POST", body, headers: { "X-CSRF-Token": token().content } });
      const said = await answer.json().catch(() => ({ detail: "No hay conexión. Vuelva a probar." }));
      if (!answer.ok) {
        dialog.querySelector("[role=alert]").textContent = said.detail;
        if (answer.status === 401) enterElsewhere(dialog);
        return;
      }
      take(said.csrf);
      finish();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

// A session that was ended is not renewed: another is begun in another tab, and what is written here waits.
function enterElsewhere(dialog) {
  const [field, way] = [dialog.querySelector("input"), dialog.querySelector("a")];
  [field.required, way.target, way.textContent] = [false, "_blank", "Entrar en otra pestaña"];
  dialog.querySelector("[role=alert]").append(" Hágalo en otra pestaña y pulse «Seguir».");
}

// For fetches of ours that write.
export function guarded(options = {}) {
  const company = document.querySelector("meta[name=company]").content;
  return { ...options, headers: { ...options.headers, "X-CSRF-Token": token().content, "X-Company": company } };
}
