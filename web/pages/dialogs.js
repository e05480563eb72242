/** Boxes that ask before something is done. The browser keeps the focus in them, and gives it back. */

import { h } from "/bell/dom.js";
import { icon } from "./icons.js";
import { t } from "./words.js";

/**
 * A dialog with a heading and a way out; it leaves the page when it is closed.
 * @param {string} heading
 * @param {...Node} content
 */
export function dialog(heading, ...content) {
  const shut = h("button", { class: "ghost shut", type: "button", "aria-label": t("close") }, icon("cross"));
  const element = h("dialog", { "aria-labelledby": "dialog-heading" }, h("div", { class: "dialog-head" }, h("h2", { id: "dialog-heading" }, heading), shut), ...content);
  shut.addEventListener("click", () => element.close());
  element.addEventListener("click", (event) => event.target === element && element.close());
  element.addEventListener("close", () => element.remove());
  document.body.append(element);
  element.showModal();
  return element;
}

/**
 * Asks; true when the answer is yes.
 * @param {{heading: string, text: string, yes: string}} words
 * @returns {Promise<boolean>}
 */
export function confirmed({ heading, text, yes }) {
  return new Promise((answer) => {
    const no = h("button", { type: "button", autofocus: true }, t("cancel"));
    const go = h("button", { class: "destroy", type: "button" }, yes);
    const element = dialog(heading, h("p", { class: "muted" }, text), h("div", { class: "row end" }, no, go));
    no.addEventListener("click", () => element.close());
    go.addEventListener("click", () => element.close("yes"));
    element.addEventListener("close", () => answer(element.returnValue === "yes"));
  });
}
