/** What stands where the list has nothing to show. */

import { h } from "/bell/dom.js";
import { icon } from "../pages/icons.js";
import { t } from "../pages/words.js";

const SKELETONS = 5;

const box = (drawing, heading, text, ...more) => h("div", { class: "empty" }, icon(drawing), h("strong", {}, heading), h("p", { class: "muted" }, text), ...more);
const button = (words, click) => h("button", { type: "button", on: { click } }, words);

/** Shows above a list that stays readable why it could not be read again; the same words are not said twice. */
export function alarm(element, problem, again) {
  element.hidden = !problem;
  if (element.dataset.problem === problem) return;
  element.dataset.problem = problem;
  element.replaceChildren(...(problem ? [h("span", {}, problem), button(t("again"), again)] : []));
}

/**
 * The element for the state, or null when the list speaks for itself.
 * @param {Items} items
 * @param {{again: () => void, widen: () => void, isNarrow: boolean}} ways
 */
export function state(items, { again, widen, isNarrow }) {
  if (items.items.length) return null;
  if (items.status === "loading") return h("div", { class: "skeletons", role: "status", "aria-label": t("loading") }, ...Array.from({ length: SKELETONS }, () => h("div")));
  if (items.status === "error") return box("alert", t("failed"), items.problem, button(t("again"), again));
  if (isNarrow) return box("search", t("nothing.found"), t("nothing.found.text"), button(t("nothing.widen"), widen));
  return box("inbox", t(`nothing.${items.filter.status}`), t(`nothing.${items.filter.status}.text`));
}
