/** Quiet hours in words: which they are, and whether they hold now. */

import { clock, weekday } from "../pages/time.js";
import { t } from "../pages/words.js";

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** Names that browsers still give in their old form. */
const RENAMED = {
  "Asia/Calcutta": "Asia/Kolkata", "Asia/Katmandu": "Asia/Kathmandu", "Asia/Rangoon": "Asia/Yangon", "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Europe/Kiev": "Europe/Kyiv", "America/Buenos_Aires": "America/Argentina/Buenos_Aires", "Atlantic/Faeroe": "Atlantic/Faroe",
};

const today = (name) => RENAMED[name] ?? name;

/** The zone of this device. */
export const ownZone = () => today(Intl.DateTimeFormat().resolvedOptions().timeZone);
/** Every zone, by its present name. */
export const zones = () => [...new Set(["UTC", ...Intl.supportedValuesOf("timeZone").map(today)])].sort();

/** Day (0: Monday) and time at an instant in a zone: `{day, time: "14:05"}`. */
function wall(now, zone) {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone: zone, weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).formatToParts(now);
  const part = (type) => parts.find((one) => one.type === type).value;
  return { day: DAYS.indexOf(part("weekday").toLowerCase()), time: `${part("hour")}:${part("minute")}` };
}

/** Whether quiet hours hold at an instant; their days are those on which they begin. */
export function isQuiet({ enabled, start, end, days }, zone, now) {
  if (!enabled || !start || !end || start === end) return false;
  const { day, time } = wall(now, zone);
  const on = (number) => days.includes(DAYS[(number + 7) % 7]);
  if (start < end) return on(day) && start <= time && time < end;
  return (on(day) && time >= start) || (on(day - 1) && time < end);
}

/** `Mon–Wed, Fri`. */
function span(days) {
  const runs = [];
  DAYS.forEach((day, number) => {
    if (!days.includes(day)) return;
    if (runs.at(-1)?.at(-1) === number - 1) runs.at(-1).push(number);
    else runs.push([number]);
  });
  return runs.map((run) => (run.length > 1 ? `${weekday(run[0])}–${weekday(run.at(-1))}` : weekday(run[0]))).join(", ");
}

/**
 * What the quiet hours mean right now, in one sentence.
 * @param {object} hours as the preferences have them
 * @param {string|null} home the reader's own zone, where it is known
 */
export function sentence(hours, home, now = new Date()) {
  const { enabled, start, end, days, timezone } = hours;
  if (!enabled) return t("quiet.none");
  if (!days.length) return t("quiet.no_days");
  if (!start || !end || start === end) return t("quiet.no_time");
  const zone = timezone ?? home ?? ownZone();
  const where = timezone || home ? zone : t("quiet.own_zone", { zone });
  const whole = t("quiet.sentence", { start: clock(start), end: clock(end), days: span(days), zone: where });
  const { time } = wall(now, zone);
  return `${whole} ${t(isQuiet(hours, zone, now) ? "quiet.now" : "quiet.not_now", { time: clock(time), end: clock(end) })}`;
}
