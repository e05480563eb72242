/** The list in the panel: its rows, which of them the keyboard is on, and what stands there while there are none. */

import { h } from "./dom.js";
import { bones, failure, nothing, row } from "./view.js";

export class List {
  #does;
  #inbox = null;
  #active = null;
  element = h("div", { class: "scroll", part: "list" });

  /** @param {{open: Function, read: Function, take: Function}} does told what was asked for, with the item first */
  constructor(does) {
    this.#does = does;
  }

  get rows() {
    return [...this.element.querySelectorAll("li")];
  }

  /** Gives the focus to the first row; false when there is none. */
  focus() {
    const first = this.element.querySelector("li .open");
    first?.focus({ preventScroll: true });
    return Boolean(first);
  }

  /** The next opening begins at the first row again. */
  forget() {
    this.#active = null;
  }

  /** @param {import("./inbox.js").Inbox} inbox */
  draw(inbox) {
    this.#inbox = inbox;
    const focused = this.element.getRootNode().activeElement;
    const had = this.element.contains(focused);
    const held = had && focused.closest("li")?.dataset.id;
    const control = had && focused.dataset.act;
    const top = this.element.scrollTop;
    this.element.replaceChildren(...this.#content(inbox));
    this.element.scrollTop = top;
    if (!had) return;
    const again = held && this.element.querySelector(`li[data-id="${CSS.escape(held)}"]`);
    const same = again && control && again.querySelector(`[data-act="${control}"]:enabled`);
    const there = same || again?.querySelector(".open") || this.element.querySelector("li .open");
    (there ?? this.element.closest("[tabindex]")).focus({ preventScroll: true });
  }

  #content(inbox) {
    if (inbox.status === "loading") return [bones()];
    if (inbox.status === "error") return [failure(inbox.problem, () => void inbox.reload())];
    if (!inbox.items.length) return [nothing()];
    const active = inbox.items.some((item) => item.id === this.#active) ? this.#active : inbox.items[0].id;
    const rows = inbox.items.map((item) => row(item, { ...this.#does, active: item.id === active }));
    const more = inbox.cursor && h("button", { class: "more", part: "more", type: "button" }, "Show older");
    more?.addEventListener("click", () => void this.#more(more));
    return [h("ul", { role: "list" }, ...rows), ...(more ? [more] : [])];
  }

  async #more(button) {
    const last = this.#inbox.items.length;
    button.disabled = true;
    await this.#inbox.more();
    this.#focusRow(last);
  }

  /** Moves from row to row; true when the key was one of ours. */
  key(event) {
    const rows = this.rows;
    if (!rows.length) return false;
    const at = rows.indexOf(this.element.getRootNode().activeElement?.closest("li"));
    const to = { ArrowDown: at + 1, ArrowUp: Math.max(0, at - 1), Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined) return false;
    event.preventDefault();
    this.#focusRow(Math.min(to, rows.length - 1));
    return true;
  }

  #focusRow(at) {
    const rows = this.rows;
    if (!rows[at]) return;
    this.#active = rows[at].dataset.id;
    for (const [n, one] of rows.entries()) for (const control of one.children) control.tabIndex = n === at ? 0 : -1;
    rows[at].querySelector(".open").focus();
  }
}
