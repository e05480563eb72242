/** The few words that pop up for what is important, and go by themselves. */

import { h } from "./dom.js";
import { toast } from "./view.js";

const LASTS = { high: 8_000, urgent: 20_000 };
const MOST = 3;

export class Toasts {
  #open;
  element = h("div", {
    class: "toasts", part: "toasts", role: "log", "aria-live": "polite", "aria-label": "New notifications",
  });

  /** @param {(item: object, url: string|null, event: Event) => void} open told when somebody opens one */
  constructor(open) {
    this.#open = open;
  }

  clear() {
    this.element.replaceChildren();
  }

  /** Shows a notification of high or urgent priority; held while the pointer or the focus is on it. */
  show(item) {
    const lasts = LASTS[item.priority];
    if (!lasts) return;
    const shut = () => shown.remove();
    const open = (one, url, event) => {
      shut();
      this.#open(one, url, event);
    };
    const shown = toast(item, { open, shut });
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
