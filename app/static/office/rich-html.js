// HTML of a mail and what stands for it in the editor: read and written by one list of what may be, so that nothing else
// ever gets in, whoever pastes it. Variables are chips here and {name} there; colours are font here and a class there.
const INLINE = { STRONG: "strong", B: "strong", EM: "em", I: "em", U: "u", S: "s", STRIKE: "s", DEL: "s" };
const BLOCK = { P: "p", DIV: "p", BLOCKQUOTE: "blockquote", UL: "ul", OL: "ol", LI: "li", TABLE: "table", TBODY: "tbody", TR: "tr", TD: "td" };
const AS_PARAGRAPH = /^(H[1-6]|PRE|SECTION|ARTICLE|HEADER|FOOTER|ADDRESS|DL|DT|DD|FIGURE|FIGCAPTION|CENTER|TH)$/;
const DROPPED = /^(SCRIPT|STYLE|HEAD|META|LINK|TITLE|TEMPLATE|NOSCRIPT|IFRAME|OBJECT|EMBED|SVG|MATH|TEXTAREA|SELECT|INPUT|BUTTON|VIDEO|AUDIO|CANVAS)$/i;
const LINK = /^(https?:|mailto:|tel:)/i;
const PICTURE = /^\/admin\/mail-images\/[0-9a-f]{64}$/;
const VARIABLE = /\{([a-z_]+)\}/g;
// What browsers write for a space at the end of what is being typed.
const LONE_SPACE = /([^ ;])&nbsp;(?! |&nbsp;)/g;
const INVISIBLE = /[\u200b\ufeff]/g;

// ``words`` has the variables: labels by name. ``colours`` has classes by colour.
export class Grammar {
  constructor(words, colours) {
    this.words = words;
    this.colours = colours;
    this.shades = new Map([...colours].map(([colour, name]) => [name, colour]));
  }

  // Nodes for the editor.
  read(html) {
    const parsed = new DOMParser().parseFromString(html, "text/html").body;
    const nodes = document.createDocumentFragment();
    this.#readInto(nodes, parsed);
    return nodes;
  }

  #readInto(place, source) {
    for (const node of source.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) this.#readText(place, node.data);
      else if (node.nodeType === Node.ELEMENT_NODE && !DROPPED.test(node.tagName)) this.#readElement(place, node);
    }
  }

  #readElement(place, node) {
    const made = this.#made(node);
    if (made) place.append(made);
    if (node.tagName === "BR" || node.tagName === "IMG" || made?.dataset.variable) return;
    this.#readInto(made ?? place, node);
  }

  #made(node) {
    const tag = node.tagName;
    if (node.dataset.variable && this.words.has(node.dataset.variable)) return this.chip(node.dataset.variable);
    if (tag === "BR") return document.createElement("br");
    if (tag === "IMG") return PICTURE.test(node.getAttribute("src") ?? "") ? this.picture(node) : null;
    if (tag === "A") return this.#link(node.getAttribute("href") ?? "");
    if (tag === "FONT" || tag === "SPAN") return this.#coloured(node);
    if (AS_PARAGRAPH.test(tag)) return document.createElement("p");
    const name = INLINE[tag] ?? BLOCK[tag];
    return name ? document.createElement({ strong: "b", em: "i" }[name] ?? name) : null;
  }

  #coloured(node) {
    const colour = this.shades.get(node.className) ?? (node.getAttribute("color") ?? "").toLowerCase();
    if (!this.colours.has(colour)) return null;
    const font = document.createElement("font");
    font.setAttribute("color", colour);
    return font;
  }

  #link(address) {
    if (!LINK.test(address) && !this.words.has(address.slice(1, -1))) return null;
    const link = document.createElement("a");
    link.setAttribute("href", address);
    return link;
  }

  picture(facts) {
    const picture = document.createElement("img");
    for (const name of ["src", "alt", "width", "height"]) {
      if (facts.getAttribute(name) !== null) picture.setAttribute(name, facts.getAttribute(name));
    }
    return picture;
  }

  #readText(place, text) {
    let at = 0;
    for (const found of text.matchAll(VARIABLE)) {
      if (!this.words.has(found[1])) continue;
      place.append(text.slice(at, found.index), this.chip(found[1]));
      at = found.index + found[0].length;
    }
    if (at < text.length) place.append(text.slice(at));
  }

  chip(name) {
    // Of a kind of its own: browsers take spans apart where they insert them.
    const chip = document.createElement("v-var");
    chip.className = "v-var";
    chip.contentEditable = "false";
    chip.dataset.variable = name;
    chip.textContent = this.words.get(name);
    return chip;
  }

  // HTML for the mail.
  write(editor) {
    const html = this.#paragraphs(editor).replace(LONE_SPACE, "$1 ");
    return /^(<p>(<br>|&nbsp;|\s)*<\/p>|<br>)*$/.test(html) ? "" : html;
  }

  // At the top, and wherever blocks stand, what is not a block is a paragraph.
  #paragraphs(place) {
    let html = "";
    let line = "";
    const end = () => {
      if (line.trim()) html += `<p>${line}</p>`;
      line = "";
    };
    for (const node of place.childNodes) {
      const name = BLOCK[node.tagName];
      if (!name) {
        line += this.#inline(node);
        continue;
      }
      end();
      html += this.#block(node, name);
    }
    end();
    return html;
  }

  #block(node, name) {
    const holdsBlocks = [...node.children].some((child) => BLOCK[child.tagName]);
    if (name === "p") {
      if (holdsBlocks) return this.#paragraphs(node);
      return node.hasChildNodes() ? `<p>${this.#inside(node) || "<br>"}</p>` : "";
    }
    if (name === "blockquote") return `<blockquote>${this.#paragraphs(node)}</blockquote>`;
    if (["ul", "ol", "table", "tbody", "tr"].includes(name)) {
      return `<${name}>${[...node.children].map((child) => (BLOCK[child.tagName] ? this.#block(child, BLOCK[child.tagName]) : "")).join("")}</${name}>`;
    }
    return `<${name}>${this.#inside(node)}</${name}>`;
  }

  #inside(node) {
    return [...node.childNodes].map((child) => {
      const name = BLOCK[child.tagName];
      return name ? this.#block(child, name) : this.#inline(child);
    }).join("").replace(/<br>$/, (found) => (node.childNodes.length > 1 ? "" : found));
  }

  #inline(node) {
    if (node.nodeType === Node.TEXT_NODE) return escaped(node.data.replace(INVISIBLE, ""));
    if (node.nodeType !== Node.ELEMENT_NODE) return "";
    if (node.dataset.variable) return `{${node.dataset.variable}}`;
    if (node.tagName === "BR") return "<br>";
    if (node.tagName === "IMG") return this.#writePicture(node);
    const inner = this.#inside(node);
    if (!inner) return "";
    if (node.tagName === "A") return `<a href="${escaped(node.getAttribute("href") ?? "", true)}">${inner}</a>`;
    const name = this.colours.get((node.getAttribute("color") ?? "").toLowerCase());
    if (node.tagName === "FONT" && name) return `<span class="${name}">${inner}</span>`;
    const tag = INLINE[node.tagName];
    return tag ? `<${tag}>${inner}</${tag}>` : inner;
  }

  #writePicture(node) {
    if (!PICTURE.test(node.getAttribute("src") ?? "")) return "";
    const facts = ["src", "alt", "width", "height"].filter((name) => node.getAttribute(name) !== null);
    return `<img ${facts.map((name) => `${name}="${escaped(node.getAttribute(name), true)}"`).join(" ")}>`;
  }
}

function escaped(text, isAttribute = false) {
  const plain = text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/\u00a0/g, "&nbsp;");
  return isAttribute ? plain.replace(/"/g, "&quot;") : plain;
}

export function inParagraph(node) {
  const paragraph = document.createElement("p");
  paragraph.append(node);
  return paragraph;
}

export function blankLine() {
  return inParagraph(document.createElement("br"));
}

// Plain text, its lines and paragraphs kept.
export function paragraphs(text) {
  const pieces = document.createDocumentFragment();
  for (const part of text.split(/\r?\n[ \t]*\r?\n/)) {
    if (!part.trim()) continue;
    const paragraph = document.createElement("p");
    part.split(/\r?\n/).forEach((line, place) => paragraph.append(...(place ? [document.createElement("br"), line] : [line])));
    pieces.append(paragraph);
  }
  return pieces;
}
