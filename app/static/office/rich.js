// An editor of rich text over a real textarea, which always holds the HTML that is sent. Without it the textarea remains.
import { Grammar } from "./rich-html.js";
import { Paper } from "./rich-paper.js";
import { guarded } from "./session.js";

const LINK = /^(https?:\/\/|mailto:|tel:)/i;
const PICTURE = /^image\/(png|jpeg)$/;
// A caret needs somewhere to stand behind what cannot be written in.
const stand = () => document.createTextNode("\u200b");

class Editor {
  constructor(box) {
    this.box = box;
    this.tools = box.querySelector("[role=toolbar]");
    const words = [...this.tools.querySelectorAll("[data-variable]")].map((one) => [one.dataset.variable, one.textContent]);
    const colours = [...this.tools.querySelectorAll("[data-colour]:not([data-colour=''])")];
    this.grammar = new Grammar(new Map(words), new Map(colours.map((one) => [one.dataset.colour, one.firstElementChild.className])));
    this.paper = new Paper(box.querySelector("textarea"), this.grammar);
    this.tools.hidden = false;
    this.listenPaper(this.paper.element);
    this.listenTools();
    this.listenLink(box.querySelector("[data-link]"));
    this.listenPicture(box.querySelector("[data-picture]"));
  }

  listenPaper(element) {
    for (const kind of ["paste", "drop"]) {
      element.addEventListener(kind, (event) => {
        const brought = event.clipboardData ?? event.dataTransfer;
        const picture = [...brought.files].find((file) => PICTURE.test(file.type));
        if (!picture || brought.getData("text/html")) return this.paper.paste(event, brought);
        event.preventDefault();
        made(picture, "", 240).then((node) => this.paper.insert(node), (problem) => alert(problem.message));
      });
    }
    element.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); this.askLink(); }
    });
    // Whatever a browser would jump to in the hidden textarea is here.
    for (const link of document.querySelectorAll(`#problemas a[href="#${this.paper.area.id}"]`)) {
      link.addEventListener("click", (event) => { event.preventDefault(); element.focus(); });
    }
  }

  listenTools() {
    document.addEventListener("selectionchange", () => {
      if (!this.paper.element.contains(document.getSelection().anchorNode)) return;
      for (const tool of this.tools.querySelectorAll("[data-do]")) {
        tool.setAttribute("aria-pressed", String(document.queryCommandState(tool.dataset.do)));
      }
    });
    this.tools.addEventListener("mousedown", (event) => event.target.closest("button, summary") && event.preventDefault());
    this.tools.addEventListener("click", (event) => this.pressed(event));
    this.tools.addEventListener("keydown", (event) => this.walk(event));
    this.walkable().forEach((tool, place) => { tool.tabIndex = place ? -1 : 0; });
  }

  pressed(event) {
    const tool = event.target.closest("button");
    if (!tool) return;
    tool.closest("details")?.removeAttribute("open");
    if (tool.dataset.do) this.paper.command(tool.dataset.do);
    if (tool.dataset.variable) this.paper.insert(this.grammar.chip(tool.dataset.variable), stand());
    if (tool.dataset.colour !== undefined) this.paper.command("foreColor", tool.dataset.colour || "#000000");
    if (tool.dataset.open === "link") this.askLink();
    if (tool.dataset.open === "picture") this.box.querySelector("[data-picture]").showModal();
  }

  walkable() {
    return [...this.tools.querySelectorAll(":scope > button, :scope > details > summary")];
  }

  // One stop for the tabulator, arrows within.
  walk(event) {
    const all = this.walkable();
    const at = all.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (at < 0 || !step) return;
    event.preventDefault();
    const next = all[(at + step + all.length) % all.length];
    for (const tool of all) tool.tabIndex = tool === next ? 0 : -1;
    next.focus();
  }

  // Links

  askLink() {
    this.paper.notice();
    const dialog = this.box.querySelector("[data-link]");
    const link = this.paper.link;
    dialog.querySelector("input").value = link ? link.getAttribute("href").replace(/^(mailto|tel):/, "") : "";
    dialog.querySelector("[data-unlink]").hidden = !link;
    say(dialog, null);
    dialog.showModal();
    dialog.querySelector("input").select();
  }

  listenLink(dialog) {
    const field = dialog.querySelector("input");
    const put = () => {
      const address = spelledOut(field.value.trim());
      if (!address) return say(dialog, "Escriba una dirección como https://www.empresa.es, un correo o un teléfono.");
      dialog.close();
      this.putLink(address, field.value.trim());
    };
    dialog.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      if ("put" in button.dataset) return put();
      dialog.close();
      if ("unlink" in button.dataset) this.unlink();
      if (button.dataset.address) this.putLink(`{${button.dataset.address}}`, "", button.dataset.address);
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") { event.preventDefault(); put(); }
    });
  }

  putLink(address, words, variable = "") {
    const known = this.paper.link;
    if (known) {
      known.setAttribute("href", address);
      return this.paper.keep();
    }
    if (this.paper.range && !this.paper.range.collapsed) return this.paper.command("createLink", address);
    const link = document.createElement("a");
    link.setAttribute("href", address);
    link.append(variable ? this.grammar.chip(variable) : words);
    this.paper.insert(link, stand());
  }

  unlink() {
    const link = this.paper.link;
    link?.replaceWith(...link.childNodes);
    this.paper.resume();
    this.paper.keep();
  }

  // Pictures

  listenPicture(dialog) {
    const [file, alt, width] = ["file", "alt", "width"].map((name) => dialog.querySelector(`[id$="-${name}"]`));
    const send = (what, words = "") => {
      made(what, alt.value.trim() || words, Number(width.value)).then((picture) => {
        dialog.close(); // what is behind an open dialog takes nothing
        file.value = alt.value = "";
        say(dialog, null);
        this.paper.insert(picture);
      }, (problem) => say(dialog, problem.message));
    };
    dialog.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      if ("close" in button.dataset) dialog.close();
      if (button.dataset.logo) send(button.dataset.logo, button.dataset.alt);
      if ("put" in button.dataset) file.files.length ? send(file.files[0]) : say(dialog, "Elija una imagen.");
    });
  }
}

// A picture of a file, or of one that is kept already, by its address; no wider than asked.
async function made(what, alt, width) {
  const src = typeof what === "string" ? what : (await upload(what)).src;
  const picture = new Image();
  picture.src = src;
  await picture.decode();
  const shown = Math.min(width, picture.naturalWidth);
  picture.alt = alt;
  picture.width = shown;
  picture.height = Math.max(1, Math.round((picture.naturalHeight * shown) / picture.naturalWidth));
  return picture;
}

async function upload(file) {
  const body = new FormData();
  body.append("picture", file);
  const answer = await fetch("/admin/mail-images", guarded({ method: "POST", body, headers: { Accept: "application/json" } })).catch(() => null);
  const said = await answer?.json().catch(() => null);
  if (!answer?.ok || !said?.src) throw new Error(said?.detail ?? "No se ha podido subir. Vuelva a probar.");
  return said;
}

function say(dialog, problem) {
  const place = dialog.querySelector("[data-wrong]");
  place.dataset.hint ??= place.textContent;
  place.textContent = problem ?? place.dataset.hint;
  place.classList.toggle("t", problem !== null);
  place.classList.toggle("bad", problem !== null);
}

// What somebody types for an address: a page, a mail, a telephone.
function spelledOut(typed) {
  if (!typed || /[{}<>"\s]/.test(typed.replace(/^(tel:)?[+\d][\d ]+$/, ""))) return null;
  if (LINK.test(typed)) return typed;
  if (/^[^@/]+@[^@/]+\.[^@/]+$/.test(typed)) return `mailto:${typed}`;
  if (/^\+?[\d ]{6,}$/.test(typed)) return `tel:${typed.replace(/ /g, "")}`;
  return /^[\w-]+(\.[\w-]+)+(\/.*)?$/.test(typed) ? `https://${typed}` : null;
}

for (const box of document.querySelectorAll("[data-rich]")) new Editor(box);
