/** How instants and links are shown. */

import { language, regional } from "./words.js";

const UNITS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

const locale = (lang) => regional(lang ?? language(document.documentElement));

/**
 * `2 minutes ago`, `in 3 hours`, `now`.
 * @param {string} iso
 * @param {string} [lang] the document's language unless given
 */
export function relative(iso, lang) {
  const seconds = Math.round((Date.parse(iso) - Date.now()) / 1000);
  const words = new Intl.RelativeTimeFormat(locale(lang), { numeric: "auto" });
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) return words.format(Math.trunc(seconds / length), unit);
  }
  return words.format(0, "second");
}

/** The instant in full, in the reader's zone, with the zone's name. */
export function absolute(iso, lang) {
  return new Intl.DateTimeFormat(locale(lang), {
    weekday: "short", day: "numeric", month: "short", year: "numeric",
    hour: "numeric", minute: "2-digit", second: "2-digit", timeZoneName: "short",
  }).format(new Date(iso));
}

/** When something comes back, as short as it is clear: `18:00` today, `Sat 09:00` this week, else with the date. */
export function moment(date, lang) {
  const time = { hour: "numeric", minute: "2-digit" };
  const now = new Date();
  if (date.toDateString() === now.toDateString()) return new Intl.DateTimeFormat(locale(lang), time).format(date);
  const near = date - now < 6 * 86_400_000;
  const day = near ? { weekday: "short" } : { weekday: "short", day: "numeric", month: "short" };
  if (date.getFullYear() !== now.getFullYear() && !near) day.year = "numeric";
  return new Intl.DateTimeFormat(locale(lang), { ...day, ...time }).format(date);
}

/**
 * The address to open for an action URL, or null when it must not be followed: only paths of this page's own
 * origin and absolute https URLs without a user name pass. Parsed as browsers parse, so `/\host` is seen for what it is.
 */
export function safeUrl(url, base = document.baseURI) {
  if (typeof url !== "string" || !/^(\/|https?:)/i.test(url)) return null;
  let parsed;
  try {
    parsed = new URL(url, base);
  } catch {
    return null;
  }
  if (parsed.username || parsed.password) return null;
  const ours = parsed.origin === new URL(base).origin;
  if (url.startsWith("/")) return ours ? parsed.href : null;
  return ours || parsed.protocol === "https:" ? parsed.href : null;
}
