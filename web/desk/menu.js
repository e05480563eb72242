/** A button that opens a small box of further controls. */

import { h, icon } from "/bell/dom.js";

/**
 * @param {string} label on the button
 * @param {string} about what it is about, for those who hear the page
 * @param {Node[]} content
 * @param {() => void} [prepare] before it opens
 */
export function menu(label, about, content, prepare) {
  const summary = h("summary", { class: "button", "aria-label": `${label}: ${about}` }, label, icon("chevron"));
  const body = h("div", { class: "menu-body" }, ...content);
  const element = h("details", { class: "menu" }, summary, body);
  summary.addEventListener("click", () => element.open || prepare?.());
  element.addEventListener("toggle", () => {
    if (!element.open) return;
    body.scrollIntoView({ block: "nearest" });
    body.querySelector("textarea")?.focus();
  });
  element.addEventListener("keydown", (event) => event.key === "Escape" && closeMenu(element));
  return element;
}

/** Closes an open menu and gives the focus back to its button. */
export function closeMenu(element) {
  if (!element?.open) return;
  element.open = false;
  element.querySelector("summary").focus();
}

// One menu at a time, and none once the attention is elsewhere.
for (const type of ["pointerdown", "focusin"]) {
  document.addEventListener(type, ({ target }) => {
    for (const one of document.querySelectorAll(".menu[open]")) if (!one.contains(target)) one.open = false;
  });
}
