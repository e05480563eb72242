/** A small menu beside a button: acts to choose from, and a day and time of one's own. */

import { h } from "./dom.js";
import { moment } from "./format.js";
import { choices, inputTime } from "./when.js";

const MARGIN = 8;

export class Menu {
  #anchor = null;
  #say = null;
  element = h("div", { id: "menu", class: "menu", part: "menu", role: "dialog", popover: "manual" });

  constructor() {
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.element.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget && !this.element.contains(relatedTarget)) this.close({ keepFocus: true });
    });
  }

  get isOpen() {
    return this.#anchor !== null;
  }

  /**
   * @param {HTMLElement} anchor gets the focus back
   * @param {import("./view.js").Say} say
   * @param {{acts?: {label: string, act: () => void}[], snooze: (until: Date) => void}} does what stands above the times
   * to snooze until, and what is told of the time that was chosen
   */
  open(anchor, say, { acts = [], snooze }) {
    this.close();
    this.#anchor = anchor;
    this.#say = say;
    const first = acts.map(({ label, act }) => this.#item(label, "", act));
    const times = choices().map(({ key, until }) => this.#item(say.t(key), moment(until, say.lang), () => snooze(until)));
    const heading = h("p", { class: "menu-heading", id: "menu-heading" }, say.t("until"));
    this.element.setAttribute("aria-label", say.t(acts.length ? "more" : "until"));
    this.element.replaceChildren(...first, heading, ...times, this.#own(snooze));
    anchor.setAttribute("aria-expanded", "true");
    this.element.showPopover?.();
    this.element.classList.add("shown");
    this.follow();
    this.element.querySelector("button").focus({ preventScroll: true });
  }

  close({ keepFocus = false } = {}) {
    const anchor = this.#anchor;
    if (!anchor) return;
    this.#anchor = null;
    anchor.removeAttribute("aria-expanded");
    const had = this.element.matches(":focus-within");
    if (!keepFocus && had && anchor.isConnected) anchor.focus({ preventScroll: true });
    this.element.classList.remove("shown");
    this.element.hidePopover?.();
  }

  #item(label, hint, act) {
    const click = () => {
      this.close();
      act();
    };
    return h(
      "button",
      { class: "menu-item", type: "button", on: { click } },
      h("span", { dir: "auto" }, label), hint && h("span", { class: "hint", dir: "auto" }, hint),
    );
  }

  /** The entry that becomes a field for a time of one's own. */
  #own(snooze) {
    const { t } = this.#say;
    const soon = new Date(Date.now() + 3_600_000);
    const field = h("input", {
      type: "datetime-local", "aria-label": t("day"), "aria-describedby": "menu-problem",
      min: inputTime(new Date()), value: inputTime(soon),
    });
    const problem = h("span", { id: "menu-problem", class: "problem", role: "alert" });
    const submit = (event) => {
      event.preventDefault();
      const until = new Date(field.value);
      if (until > new Date()) {
        this.close();
        snooze(until);
        return;
      }
      problem.textContent = t("past");
      field.setAttribute("aria-invalid", "true");
      field.focus();
    };
    const done = h("button", { class: "take", type: "submit" }, t("snooze"));
    const form = h("form", { class: "own", novalidate: true, hidden: true, on: { submit } }, field, done, problem);
    const click = () => {
      form.hidden = false;
      field.focus();
      button.hidden = true;
      this.follow();
    };
    const button = h("button", { class: "menu-item", type: "button", on: { click } }, h("span", { dir: "auto" }, t("choose")));
    return h("div", {}, button, form);
  }

  /** Stays beside its button: below it where there is room, else above, and never out of sight. */
  follow() {
    if (!this.isOpen) return;
    const beside = this.#anchor.getBoundingClientRect();
    const { width, height } = this.element.getBoundingClientRect();
    const isRtl = getComputedStyle(this.element).direction === "rtl";
    const left = isRtl ? beside.left : beside.right - width;
    const below = beside.bottom + 4;
    const top = below + height + MARGIN > innerHeight ? beside.top - height - 4 : below;
    const within = (at, size, room) => Math.max(MARGIN, Math.min(at, room - size - MARGIN));
    this.element.style.left = `${within(left, width, document.documentElement.clientWidth)}px`;
    this.element.style.top = `${within(top, height, innerHeight)}px`;
  }

  #key(event) {
    if (event.key === "Escape") {
      event.stopPropagation();
      this.close();
      return;
    }
    if (event.target.localName === "input") return;
    const items = [...this.element.querySelectorAll("button, input")].filter((one) => one.checkVisibility());
    const at = items.indexOf(event.target);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
    event.stopPropagation();
    if (to === undefined) return;
    event.preventDefault();
    items[to % items.length].focus();
  }
}
