/** One line at the page's end that says what was done, with a way back. */

import { h } from "/bell/dom.js";
import { icon } from "./icons.js";
import { t } from "./words.js";

const SHOWN_FOR = 8_000;

const said = h("p", { role: "status" });
const undo = h("button", { type: "button", hidden: true }, t("undo"));
const shut = h("button", { class: "ghost", type: "button", "aria-label": t("close") }, icon("cross"));
const box = h("div", { class: "notice", hidden: true }, said, undo, shut);
let back = null;
let timer = 0;

function hide() {
  clearTimeout(timer);
  box.hidden = true;
  said.textContent = "";
}

/**
 * @param {string} text
 * @param {{undo?: () => void, bad?: boolean}} [more] a refusal stays until it is closed
 */
export function notice(text, more = {}) {
  if (!box.isConnected) document.body.append(box);
  clearTimeout(timer);
  back = more.undo ?? null;
  box.classList.toggle("bad", Boolean(more.bad));
  said.setAttribute("role", more.bad ? "alert" : "status");
  box.hidden = false;
  undo.hidden = !back;
  said.textContent = text;
  if (!more.bad) timer = setTimeout(hide, SHOWN_FOR);
}

undo.addEventListener("click", () => {
  const go = back;
  hide();
  go?.();
});
shut.addEventListener("click", hide);
// Nobody is hurried who is about to press.
for (const type of ["pointerenter", "focusin"]) box.addEventListener(type, () => clearTimeout(timer));
for (const type of ["pointerleave", "focusout"]) {
  box.addEventListener(type, () => {
    clearTimeout(timer);
    if (!box.classList.contains("bad")) timer = setTimeout(hide, SHOWN_FOR);
  });
}
