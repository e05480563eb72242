/** Asks before a link logs this browser in as somebody else. */

import { h } from "/bell/dom.js";

const name = ({ sub, tenant }) => `${sub} · ${tenant}`;

/** True when the reader agrees; in English, for pages without other languages. */
export function mayBecome(from, to) {
  return new Promise((answer) => {
    const no = h("button", { type: "button", autofocus: true }, "Cancel");
    const yes = h("button", { class: "primary", type: "button" }, "Switch");
    const text = `You are logged in as ${name(from)}. This link logs you in as ${name(to)}.`;
    const heading = h("h2", { id: "switch-heading" }, "Log in as somebody else?");
    const box = h("dialog", { class: "sheet", "aria-labelledby": "switch-heading" }, heading, h("p", { class: "muted" }, text), h("div", { class: "row end" }, no, yes));
    no.addEventListener("click", () => box.close());
    yes.addEventListener("click", () => box.close("yes"));
    box.addEventListener("close", () => {
      box.remove();
      answer(box.returnValue === "yes");
    });
    document.body.append(box);
    box.showModal();
  });
}
