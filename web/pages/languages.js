/** The switch between the pages' languages. */

import { h } from "/bell/dom.js";
import { LANGUAGES, lang, speak, t } from "./words.js";

export function languages() {
  const choose = (one) => h("option", { value: one, lang: one, selected: one === lang }, LANGUAGES[one]);
  const select = h("select", { class: "languages", "aria-label": t("language") }, ...Object.keys(LANGUAGES).map(choose));
  select.addEventListener("change", () => speak(select.value));
  return select;
}
