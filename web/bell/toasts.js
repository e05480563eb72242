/** The few words that pop up for what is important, and go by themselves. Many at once are one that counts them. */

import { titles } from "./announcer.js";
import { h, icon } from "./dom.js";
import { opener, taker, why } from "./view.js";

const LASTS = { high: 8_000, urgent: 20_000 };
const MOST = 3;
/** What comes within this time of each other comes at once. */
const BURST = 10_000;

export class Toasts {
  #does;
  #say = null;
  #burst = { items: [], n: 0, until: 0 };
  element = h("div", { class: "toasts", part: "toasts", role: "region" });

  /**
   * @param {object} does told what was asked for: `open(item, url, event)`, `take(item)`, which answers why it was
   * refused, or null, `list()` to show all of them, and `lost()` before the focus would be lost with a toast
   */
  constructor(does) {
    this.#does = does;
  }

  /** @param {import("./view.js").Say} say */
  speak(say) {
    this.#say = say;
    this.element.setAttribute("aria-label", say.t("toasts"));
  }

  clear() {
    this.#burst = { items: [], n: 0, until: 0 };
    for (const toast of [...this.element.children]) this.#remove(toast);
  }

  /** Removes what tells of a notification. */
  settle(id) {
    const toast = this.element.querySelector(`[data-id="${CSS.escape(id)}"]`);
    if (toast) this.#remove(toast);
  }

  /**
   * @param {object[]} items
   * @param {number} n how many have arrived in all
   */
  show(items, n) {
    const now = performance.now();
    if (now > this.#burst.until) this.#burst = { items: [], n: 0, until: 0 };
    this.#burst.items.push(...items);
    this.#burst.n += n;
    this.#burst.until = now + BURST;
    if (this.#burst.items.length > MOST) this.#count();
    else for (const item of items) this.#one(item);
  }

  #one(item) {
    const open = (one, url, event) => {
      this.#remove(toast);
      this.#does.open(one, url, event);
    };
    const take = async (one, button) => {
      if (button.ariaDisabled === "true") return;
      clock.hold();
      button.ariaDisabled = "true";
      const problem = await this.#does.take(one);
      if (!problem) return;
      const said = h("span", { class: "problem", role: "alert", tabindex: "-1" }, why(problem, this.#say));
      const had = button.matches(":focus");
      button.replaceWith(said);
      if (had) said.focus();
      else clock.release();
    };
    const { id, priority } = item;
    const toast = this.#shell(`toast ${priority}`, id, opener(item, "toast", this.#say, open), taker(item, this.#say, take));
    const clock = this.#add(toast, LASTS[priority] ?? LASTS.high);
  }

  /** One for all of them, in place of those that are there. */
  #count() {
    const { items, n } = this.#burst;
    const open = h(
      "button",
      { class: "open", part: "open", type: "button", on: { click: () => this.#does.list() } },
      h("span", { class: "title", part: "title", dir: "auto" }, this.#say.t("many", { n })),
      h("span", { class: "message", part: "message", dir: "auto" }, titles(items, n, this.#say)),
    );
    const had = this.element.contains(this.element.getRootNode().activeElement);
    const kind = items.some(({ priority }) => priority === "urgent") ? "urgent" : "high";
    const toast = this.#shell(`toast many ${kind}`, "", open, null);
    this.#add(toast, LASTS[kind]);
    if (had) open.focus();
    for (const other of [...this.element.children]) if (other !== toast) this.#remove(other);
  }

  #shell(names, id, open, take) {
    const click = () => this.#remove(toast);
    const shut = h("button", {
      class: "shut", part: "dismiss", type: "button", "aria-label": this.#say.t("dismiss"), on: { click },
    }, icon("close"));
    const toast = h("div", { class: names, part: names, data: { id } }, open, shut, take);
    return toast;
  }

  /** Shows it for some time; held while the pointer or the focus is on it. */
  #add(toast, lasts) {
    let timer = 0;
    const hold = () => clearTimeout(timer);
    const release = () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.#remove(toast), lasts);
    };
    for (const type of ["pointerenter", "focusin"]) toast.addEventListener(type, hold);
    for (const type of ["pointerleave", "focusout"]) toast.addEventListener(type, release);
    toast.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.#remove(toast);
    });
    const oldest = this.element.firstElementChild;
    if (this.element.children.length >= MOST && !toast.matches(".many")) this.#remove(oldest);
    this.element.append(toast);
    release();
    return { hold, release };
  }

  #remove(toast) {
    const had = toast.contains(toast.getRootNode().activeElement);
    const next = toast.nextElementSibling ?? toast.previousElementSibling;
    toast.remove();
    if (!had) return;
    if (next) next.querySelector(".open").focus();
    else this.#does.lost();
  }
}
