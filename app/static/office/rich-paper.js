// The paper of an editor: what is written on it is always in the textarea behind it too, and each step can be taken back.
import { blankLine, inParagraph, paragraphs } from "./rich-html.js";

const PAUSE = 800; // what is typed without one is one step
// Dropped in any case; before reading, browsers do not complain that our policy refuses them.
const LOOKS = /<style\b[^]*?<\/style\s*>|\s(style|on\w+)\s*=\s*("[^"]*"|'[^']*')/gi;

export class Paper {
  constructor(area, grammar) {
    this.area = area;
    this.grammar = grammar;
    this.range = null;
    this.element = this.#make();
    this.asLoaded = grammar.write(this.element);
    this.original = area.value;
    this.steps = [this.asLoaded];
    this.at = 0;
    this.typedAt = 0;
    this.#listen();
  }

  #make() {
    const paper = document.createElement("div");
    paper.className = `${this.area.className} v-rich-paper`;
    paper.id = `${this.area.id}-editor`;
    paper.contentEditable = "true";
    paper.style.setProperty("--rows", this.area.rows);
    paper.setAttribute("role", "textbox");
    paper.setAttribute("aria-multiline", "true");
    const label = document.querySelector(`label[for="${this.area.id}"]`);
    label.id ||= `${this.area.id}-label`;
    paper.setAttribute("aria-labelledby", label.id);
    label.addEventListener("click", () => paper.focus());
    for (const name of ["aria-describedby", "aria-invalid"]) {
      if (this.area.hasAttribute(name)) paper.setAttribute(name, this.area.getAttribute(name));
    }
    const typed = this.area.value;
    paper.append(/<\/?[a-z]/i.test(typed) ? this.grammar.read(typed) : paragraphs(typed));
    if (!paper.firstChild) paper.append(blankLine());
    this.area.hidden = true;
    this.area.after(paper);
    return paper;
  }

  #listen() {
    this.element.addEventListener("input", (event) => {
      event.stopPropagation();
      if (!this.element.firstElementChild?.matches(":not(br)")) document.execCommand("formatBlock", false, "p");
      this.keep(event.inputType?.startsWith("insertText"));
    });
    this.element.addEventListener("beforeinput", (event) => {
      const way = { historyUndo: -1, historyRedo: 1 }[event.inputType];
      if (way) { event.preventDefault(); this.step(way); }
    });
    this.element.addEventListener("keydown", (event) => {
      const key = (event.ctrlKey || event.metaKey) && event.key.toLowerCase();
      const way = key === "z" ? (event.shiftKey ? 1 : -1) : key === "y" ? 1 : 0;
      if (way) { event.preventDefault(); this.step(way); }
      if (key === "a") { event.preventDefault(); this.#selectAll(); }
    });
    document.addEventListener("selectionchange", () => this.notice());
  }

  // By hand: a variable at the end would lead the browser's own beyond the paper.
  #selectAll() {
    document.getSelection().selectAllChildren(this.element);
  }

  // Where somebody is writing, to come back to.
  notice() {
    const selection = document.getSelection();
    if (selection.rangeCount && this.element.contains(selection.anchorNode)) this.range = selection.getRangeAt(0).cloneRange();
  }

  // The textarea follows; what is as it was counts as unchanged.
  keep(isTyping = false) {
    const html = this.grammar.write(this.element);
    if (html !== this.steps[this.at]) {
      const goesOn = isTyping && this.at > 0 && performance.now() - this.typedAt < PAUSE;
      this.steps.splice(goesOn ? this.at : ++this.at, Infinity, html);
      this.typedAt = isTyping ? performance.now() : 0;
    }
    this.#tell(html);
  }

  step(way) {
    if (this.steps[this.at + way] === undefined) return;
    this.at += way;
    this.typedAt = 0;
    this.element.replaceChildren(this.grammar.read(this.steps[this.at]));
    if (!this.element.firstChild) this.element.append(blankLine());
    this.range = null;
    this.resume();
    this.#tell(this.steps[this.at]);
  }

  #tell(html) {
    this.area.value = html === this.asLoaded ? this.original : html;
    this.area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // Back to where somebody was writing, or to the end.
  resume() {
    this.element.focus();
    const range = this.range ?? document.createRange();
    if (!this.range) {
      range.selectNodeContents(this.element.lastElementChild ?? this.element);
      range.collapse(false);
    }
    document.getSelection().removeAllRanges();
    document.getSelection().addRange(range);
    return range;
  }

  command(name, value) {
    this.resume();
    document.execCommand("styleWithCSS", false, false);
    document.execCommand("defaultParagraphSeparator", false, "p");
    document.execCommand(name, false, value);
    this.notice(); // what it changed may not be told yet
    this.keep();
  }

  // By hand: where browsers insert HTML they add styles to it, which our policy refuses and no mail wants.
  insert(...nodes) {
    this.#settle();
    const range = this.resume();
    range.deleteContents();
    const line = range.startContainer;
    if (line.childNodes.length === 1 && line.firstChild.tagName === "BR") line.firstChild.remove(); // an empty line
    const pieces = document.createDocumentFragment();
    pieces.append(...nodes);
    const last = pieces.lastChild;
    range.insertNode(pieces);
    this.#standBehind(last);
    this.keep();
  }

  // What was switched on or off for the next letter takes effect, even if what comes is no letter.
  #settle() {
    const { isCollapsed, anchorNode } = document.getSelection();
    if (document.activeElement !== this.element || !isCollapsed || !this.element.contains(anchorNode)) return;
    document.execCommand("insertText", false, "\u200b");
    this.notice();
  }

  // Paragraphs and lists part the one they are put into.
  insertBlocks(blocks) {
    const range = this.resume();
    range.deleteContents();
    const place = [...this.element.children].find((child) => child.contains(range.startContainer));
    const last = blocks.at(-1);
    if (!place) {
      this.element.append(...blocks);
    } else {
      const end = document.createRange();
      end.setStart(range.startContainer, range.startOffset);
      end.setEnd(place, place.childNodes.length);
      const rest = place.cloneNode(false);
      rest.append(end.extractContents());
      place.after(...blocks, ...(saysSomething(rest) ? [rest] : []));
      if (!saysSomething(place)) place.remove();
    }
    this.range = document.createRange();
    this.range.selectNodeContents(last);
    this.range.collapse(false);
    this.resume();
    this.keep();
  }

  #standBehind(node) {
    this.range = document.createRange();
    this.range.setStartAfter(node);
    this.range.collapse(true);
    this.resume();
  }

  get link() {
    const at = this.range?.commonAncestorContainer;
    return (at?.nodeType === Node.ELEMENT_NODE ? at : at?.parentElement)?.closest(".v-rich-paper a") ?? null;
  }

  paste(event, brought) {
    event.preventDefault();
    if (event.type === "drop") this.range = document.caretRangeFromPoint?.(event.clientX, event.clientY) ?? this.range;
    const html = brought.getData("text/html");
    const holder = document.createElement("div");
    holder.append(html ? this.grammar.read(html.replace(LOOKS, "")) : paragraphs(brought.getData("text/plain")));
    // What says nothing by itself is the space between the tags of a page.
    for (const node of [...holder.childNodes]) if (holder.firstElementChild && node.nodeType === Node.TEXT_NODE && !node.data.trim()) node.remove();
    const only = holder.childNodes.length === 1 && holder.firstChild.tagName === "P" ? holder.firstChild : null;
    if (only || ![...holder.children].some((child) => /^(P|DIV|UL|OL|BLOCKQUOTE|TABLE)$/.test(child.tagName))) {
      const nodes = [...(only ?? holder).childNodes];
      if (nodes.length) this.insert(...nodes);
    } else {
      this.insertBlocks([...holder.childNodes].map((node) => (node.nodeType === Node.TEXT_NODE ? inParagraph(node) : node)));
    }
  }
}

function saysSomething(block) {
  return block.textContent.replace(/\u200b/g, "").trim() !== "" || block.querySelector("img") !== null;
}
