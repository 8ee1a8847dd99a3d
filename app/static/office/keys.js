// The list of keys, at "?".
const KEYS = [
  ["/", "Buscar"],
  ["j  k", "Línea siguiente, línea anterior"],
  ["x", "Marcar o desmarcar la línea"],
  ["Enter", "Abrir la línea"],
  ["n", "Nueva ficha"],
  ["Esc", "Quitar la selección, cerrar o borrar la búsqueda"],
  ["Ctrl S", "Guardar"],
  ["?", "Esta lista"],
];

export function showKeys() {
  let dialog = document.getElementById("keys");
  if (!dialog) {
    dialog = document.createElement("dialog");
    dialog.id = "keys";
    dialog.className = "v-modal";
    dialog.setAttribute("aria-label", "Atajos de teclado");
    const title = document.createElement("h2");
    title.textContent = "Atajos de teclado";
    const list = document.createElement("dl");
    list.className = "v-facts mt-3";
    for (const [key, what] of KEYS) {
      const term = document.createElement("dt");
      for (const part of key.split("  ")) {
        const kbd = document.createElement("kbd");
        kbd.textContent = part;
        term.append(kbd, " ");
      }
      const sentence = document.createElement("dd");
      sentence.textContent = what;
      list.append(term, sentence);
    }
    const close = document.createElement("button");
    close.className = "btn mt-3";
    close.textContent = "Cerrar";
    close.addEventListener("click", () => dialog.close());
    dialog.append(title, list, close);
    document.body.append(dialog);
  }
  dialog.showModal();
}
