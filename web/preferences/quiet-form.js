/** The form of the quiet hours. */

import { h } from "/bell/dom.js";
import { weekday } from "../pages/time.js";
import { t } from "../pages/words.js";
import { DAYS, ownZone, sentence, zones } from "./quiet.js";

const CLOCK = 15_000;

/**
 * @param {(id: string) => HTMLElement} find
 * @param {Draft} draft
 * @param {() => string|null} home the reader's own zone, where it is known
 */
export function quietForm(find, draft, home) {
  const change = (part, how) => draft.change({ ...draft.value, quiet_hours: { ...draft.value.quiet_hours, ...part } }, how);
  const day = (key, number) => {
    const box = h("input", { type: "checkbox", value: key, "aria-label": weekday(number, "long") });
    box.addEventListener("change", () => change({ days: DAYS.filter((one) => find("days").querySelector(`[value="${one}"]`).checked) }));
    return h("label", {}, box, h("span", { "aria-hidden": "true" }, weekday(number)));
  };
  const zone = (name, words = name) => h("option", { value: name }, words);
  find("days").append(...DAYS.map(day));
  find("timezone").append(zone("", t("quiet.zone.own")), zone(ownZone(), t("quiet.zone.device", { zone: ownZone() })), h("hr"), ...zones().filter((one) => one !== ownZone()).map((one) => zone(one)));
  for (const key of ["enabled", "let_urgent_through"]) find(key).addEventListener("change", () => change({ [key]: find(key).checked }));
  for (const key of ["start", "end"]) find(key).addEventListener("input", () => find(key).value && change({ [key]: find(key).value }, { typing: true }));
  find("timezone").addEventListener("change", () => change({ timezone: find("timezone").value || null }));

  const say = () => {
    const text = draft.value ? sentence(draft.value.quiet_hours, home()) : "";
    if (find("quiet-now").textContent !== text) find("quiet-now").textContent = text;
  };
  setInterval(say, CLOCK);

  return function draw() {
    const { enabled, start, end, days, timezone, let_urgent_through: urgent } = draft.value.quiet_hours;
    find("enabled").checked = enabled;
    find("let_urgent_through").checked = urgent;
    for (const [key, value] of Object.entries({ start, end })) if (document.activeElement !== find(key)) find(key).value = value;
    for (const box of find("days").querySelectorAll("input")) box.checked = days.includes(box.value);
    const known = timezone === null || [...find("timezone").options].some(({ value }) => value === timezone);
    if (!known) find("timezone").append(zone(timezone));
    find("timezone").value = timezone ?? "";
    say();
  };
}
