/** The few words that pop up for what is important, and go by themselves. */

import { h } from "./dom.js";
import { toast } from "./view.js";

const LASTS = { high: 8_000, urgent: 20_000 };
const MOST = 3;

export class Toasts {
  #does;
  element = h("div", {
    class: "toasts", part: "toasts", role: "log", "aria-live": "polite", "aria-label": "New notifications",
  });

  /**
   * @param {object} does told what was asked for: `open(item, url, event)`, and `take(item)`, which answers why it
   * could not be taken, or null
   */
  constructor(does) {
    this.#does = does;
  }

  clear() {
    this.element.replaceChildren();
  }

  /** Removes what tells of a notification. */
  settle(id) {
    this.element.querySelector(`[data-id="${CSS.escape(id)}"]`)?.remove();
  }

  /** Shows a notification of high or urgent priority; held while the pointer or the focus is on it. */
  show(item) {
    const lasts = LASTS[item.priority];
    if (!lasts) return;
    const shut = () => shown.remove();
    const open = (one, url, event) => {
      shut();
      this.#does.open(one, url, event);
    };
    const take = async (one, button) => {
      hold();
      button.disabled = true;
      const problem = await this.#does.take(one);
      if (!problem) return shut();
      button.replaceWith(h("span", { class: "problem", role: "alert" }, problem));
      return release();
    };
    const shown = toast(item, { open, shut, take });
    let timer = setTimeout(shut, lasts);
    const hold = () => clearTimeout(timer);
    const release = () => {
      clearTimeout(timer);
      timer = setTimeout(shut, lasts);
    };
    for (const type of ["pointerenter", "focusin"]) shown.addEventListener(type, hold);
    for (const type of ["pointerleave", "focusout"]) shown.addEventListener(type, release);
    while (this.element.children.length >= MOST) this.element.firstElementChild.remove();
    this.element.append(shown);
  }
}
