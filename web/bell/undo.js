/** What offers for some seconds to take back what was just done. */

import { h } from "./dom.js";

const LASTS = 8_000;

export class Undo {
  #timer = 0;
  #back = null;
  #text = h("span", { class: "undo-text", dir: "auto" });
  #button = h("button", { class: "quietly", part: "undo-button", type: "button", "aria-keyshortcuts": "z" });
  element = h("div", { class: "undo", part: "undo", hidden: true }, this.#text, this.#button);

  /** @param {() => void} lost called before the focus would be lost with the button */
  constructor(lost) {
    this.lost = lost;
    this.#button.addEventListener("click", () => this.undo());
    for (const type of ["pointerenter", "focusin"]) this.element.addEventListener(type, () => clearTimeout(this.#timer));
    for (const type of ["pointerleave", "focusout"]) this.element.addEventListener(type, () => this.#wait());
  }

  /**
   * @param {string} text what was done
   * @param {string} label
   * @param {() => void} back takes it back
   */
  offer(text, label, back) {
    this.#back = back;
    this.#text.textContent = text;
    this.#button.textContent = label;
    this.element.hidden = false;
    this.#wait();
  }

  /** Takes back what it offers to, if it does; false when there is nothing. */
  undo() {
    const back = this.#back;
    if (!back) return false;
    this.withdraw(back);
    back();
    return true;
  }

  /** No longer offers this, or whatever it offers. */
  withdraw(back = this.#back) {
    if (back !== this.#back || !back) return;
    clearTimeout(this.#timer);
    this.#back = null;
    if (this.element.contains(this.element.getRootNode().activeElement)) this.lost();
    this.element.hidden = true;
  }

  #wait() {
    clearTimeout(this.#timer);
    if (this.#back) this.#timer = setTimeout(() => this.withdraw(), LASTS);
  }
}
