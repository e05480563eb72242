/** The inbox by keyboard: single keys, which can be turned off, and a page that lists them. */

import { h } from "/bell/dom.js";
import { dialog } from "../pages/dialogs.js";
import { t } from "../pages/words.js";

const OFF = "punctual-keys-off";
const LISTED = [
  [["j", "↓"], "next"], [["k", "↑"], "previous"], [["Enter"], "open"], [["x"], "select"], [["r"], "read"], [["e"], "archive"],
  [["s"], "snooze"], [["Del"], "delete"], [["/"], "search"], [["Esc"], "escape"], [["?"], "help"],
];
/** Where letters are letters, and arrows have a use already. */
const TYPING = "input:not([type=checkbox]), textarea, select, notification-bell, dialog, .languages";

function isOff() {
  try {
    return localStorage.getItem(OFF) === "1";
  } catch {
    return false;
  }
}

/** The list of keys, with the switch. */
export function help() {
  const line = ([keys, what]) => [h("dt", {}, ...keys.flatMap((key, n) => [n ? " " : "", h("kbd", {}, key)])), h("dd", {}, t(`keys.${what}`))];
  const on = h("input", { id: "keys-on", type: "checkbox", checked: !isOff() });
  on.addEventListener("change", () => {
    try {
      localStorage.setItem(OFF, on.checked ? "0" : "1");
    } catch {
      // Without storage they stay on.
    }
  });
  dialog(t("keys.title"), h("dl", { class: "keys" }, ...LISTED.flatMap(line)), h("label", { class: "check" }, on, t("keys.on")));
}

/**
 * @param {Record<string, (event: KeyboardEvent) => void>} does what each key does, by `event.key`
 */
export function listenToKeys(does) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest?.(TYPING) || document.querySelector("dialog[open]")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (!does[key] || (isOff() && key.length === 1 && key !== "?")) return;
    event.preventDefault();
    does[key](event);
  });
}
