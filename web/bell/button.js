/** The bell itself, with the number of unread. */

import { h, icon } from "./dom.js";

export class Button {
  #badge = h("span", { class: "badge", part: "badge", hidden: true, "aria-hidden": "true" });
  element = h(
    "button",
    { class: "bell", part: "button", type: "button", "aria-haspopup": "dialog", "aria-expanded": "false", "aria-controls": "panel" },
    icon("bell"), this.#badge,
  );

  /** @param {number} count @param {import("./view.js").Say} say */
  draw(count, { t }) {
    this.#badge.textContent = String(count);
    this.#badge.hidden = count === 0;
    this.element.setAttribute("aria-label", count ? t("bell", { n: count }) : t("heading"));
  }

  /** Moves, because something is new. */
  ring() {
    this.element.classList.remove("ring");
    requestAnimationFrame(() => this.element.classList.add("ring"));
  }
}
