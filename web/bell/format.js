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

const formats = new Map();

/** A formatter of `Intl`, made once: making one takes far longer than using it. */
function format(kind, lang, options) {
  const locale = regional(lang ?? language(document.documentElement));
  const key = JSON.stringify([kind, locale, options]);
  if (!formats.has(key)) formats.set(key, new Intl[kind](locale, options));
  return formats.get(key);
}

const FULL = {
  weekday: "short", day: "numeric", month: "short", year: "numeric",
  hour: "numeric", minute: "2-digit", second: "2-digit", timeZoneName: "short",
};

/**
 * How long ago something was: `2 minutes ago`, `now`. What has not been yet by this clock is `now` by a better one.
 * @param {string} iso
 * @param {string} [lang] the document's language unless given
 */
export function relative(iso, lang) {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(iso)) / 1000));
  const words = format("RelativeTimeFormat", lang, { numeric: "auto" });
  for (const [unit, length] of UNITS) {
    if (seconds >= length) return words.format(-Math.trunc(seconds / length), unit);
  }
  return words.format(0, "second");
}

/** The instant in full, in the reader's zone, with the zone's name. */
export function absolute(iso, lang) {
  return format("DateTimeFormat", lang, FULL).format(new Date(iso));
}

/** When something comes back, as short as it is clear: `18:00` today, `Sat 09:00` this week, else with the date. */
export function moment(date, lang) {
  const time = { hour: "numeric", minute: "2-digit" };
  const now = new Date();
  if (date.toDateString() === now.toDateString()) return format("DateTimeFormat", lang, time).format(date);
  const near = date - now < 6 * 86_400_000;
  const day = near ? { weekday: "short" } : { weekday: "short", day: "numeric", month: "short" };
  if (date.getFullYear() !== now.getFullYear() && !near) day.year = "numeric";
  return format("DateTimeFormat", lang, { ...day, ...time }).format(date);
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

/** An address of the web, by http or https, absolute or on this page's own host; null where it is none. */
export function webUrl(url) {
  if (!url || !URL.canParse(url, document.baseURI)) return null;
  const parsed = new URL(url, document.baseURI);
  return ["http:", "https:"].includes(parsed.protocol) ? parsed : null;
}
