/** The form of the digest. */

import { h } from "/bell/dom.js";
import { clock, weekday } from "../pages/time.js";
import { t } from "../pages/words.js";
import { DAYS } from "./quiet.js";

/** @param {(id: string) => HTMLElement} find @param {Draft} draft */
export function digestForm(find, draft) {
  const change = (part, how) => draft.change({ ...draft.value, digest: { ...draft.value.digest, ...part } }, how);
  const radios = [...find("frequency").querySelectorAll("input")];
  find("weekday").append(...DAYS.map((day, number) => h("option", { value: day }, weekday(number, "long"))));
  for (const radio of radios) radio.addEventListener("change", () => change({ frequency: radio.value }));
  find("weekday").addEventListener("change", () => change({ weekday: find("weekday").value }));
  find("at").addEventListener("input", () => find("at").value && change({ at: find("at").value }, { typing: true }));

  return function draw() {
    const { frequency, at, weekday: day } = draft.value.digest;
    for (const radio of radios) radio.checked = radio.value === frequency;
    find("weekday").value = day;
    if (document.activeElement !== find("at")) find("at").value = at;
    find("digest-when").hidden = frequency === "off";
    find("digest-day").hidden = frequency !== "weekly";
    find("digest-now").textContent = t(`digest.sentence.${frequency}`, { at: clock(at), day: weekday(DAYS.indexOf(day), "long") });
  };
}
