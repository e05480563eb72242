/** Until when: a dialog with the usual choices and a free one. */

import { h } from "/bell/dom.js";
import { busy } from "/static/desk/api.js";
import { dialog } from "../pages/dialogs.js";
import { localInput, moment } from "../pages/time.js";
import { explain, t } from "../pages/words.js";

const HOUR = 3_600_000;

const at = (now, days, hour) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);

/** The choices at an instant, by the reader's clock: `[key, Date]`. */
export function choices(now) {
  const toMonday = (8 - now.getDay()) % 7 || 7;
  return [
    ["hour", new Date(now.getTime() + HOUR)],
    ["evening", at(now, 0, 18)],
    ["tomorrow", at(now, 1, 9)],
    ["monday", at(now, toMonday, 9)],
  ].filter(([key, date]) => key === "hour" || date - now > HOUR);
}

/**
 * Asks until when, and does it; what is refused is said at the time that was given.
 * @param {string} title
 * @param {(until: string) => Promise<void>} snooze
 */
export function askUntil(title, snooze) {
  const now = new Date();
  const error = h("p", { id: "until-error", class: "field-error", role: "alert" });
  const given = h("input", { id: "until", type: "datetime-local", required: true, "aria-describedby": "until-error", min: localInput(now), value: localInput(at(now, 1, 9)) });
  const set = h("button", { type: "submit" }, t("snooze.set"));

  async function go(button, date) {
    error.textContent = "";
    if (!(date > new Date())) {
      error.textContent = t("snooze.past");
      given.setAttribute("aria-invalid", "true");
      return;
    }
    try {
      await busy(button, () => snooze(date.toISOString()));
      element.close();
    } catch (problem) {
      error.textContent = problem.fields?.get("snoozed_until") ?? explain(problem);
    }
  }

  const choice = ([key, date]) => {
    const button = h("button", { type: "button" }, h("span", {}, t(`snooze.${key}`)), h("span", { class: "muted" }, moment(date)));
    button.addEventListener("click", () => void go(button, date));
    return button;
  };
  const own = h("form", { class: "field", novalidate: true }, h("label", { for: "until" }, t("snooze.own")), h("div", { class: "row" }, given, set), error);
  own.addEventListener("submit", (event) => {
    event.preventDefault();
    void go(set, new Date(given.value));
  });
  const about = h("p", { class: "muted", dir: "auto" }, title);
  const element = dialog(t("snooze.title"), about, h("div", { class: "choices" }, ...choices(now).map(choice)), own);
  element.querySelector(".choices button").focus();
}
