/** Instants as people read them, in the page's language and the reader's zone. */

import { locale } from "./words.js";

/** `Fri 20 Nov, 14:30`, with the year where it is another one. */
export function moment(iso) {
  const date = new Date(iso);
  const options = { weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit" };
  if (date.getFullYear() !== new Date().getFullYear()) options.year = "numeric";
  return new Intl.DateTimeFormat(locale, options).format(date);
}

/** The day alone. */
export const day = (iso) => new Intl.DateTimeFormat(locale, { dateStyle: "medium" }).format(new Date(iso));

/** `22:00` as this reader writes it. */
export function clock(time) {
  const [hour, minute] = time.split(":").map(Number);
  return new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit", timeZone: "UTC" }).format(Date.UTC(2026, 0, 1, hour, minute));
}

/** The name of a day of the week by its number, 0 for Monday. */
export const weekday = (number, style = "short") => new Intl.DateTimeFormat(locale, { weekday: style, timeZone: "UTC" }).format(Date.UTC(2026, 0, 5 + number));

/** What an `<input type="datetime-local">` takes for an instant. */
export function localInput(date) {
  const two = (value) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}
