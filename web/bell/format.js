/** How instants and links are shown. */

const UNITS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** The page's language, as this reader's region writes it. */
function language() {
  const page = document.documentElement.lang;
  return page ? (navigator.languages.find((one) => one.split("-")[0] === page.split("-")[0]) ?? page) : undefined;
}

/** `2 minutes ago`, `in 3 hours`, `now`. */
export function relative(iso, now = Date.now()) {
  const seconds = Math.round((Date.parse(iso) - now) / 1000);
  const words = new Intl.RelativeTimeFormat(language(), { numeric: "auto" });
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) return words.format(Math.trunc(seconds / length), unit);
  }
  return words.format(0, "second");
}

/** The instant in full, in the reader's zone, with the zone's name. */
export function absolute(iso) {
  return new Intl.DateTimeFormat(language(), {
    weekday: "short", day: "numeric", month: "short", year: "numeric",
    hour: "numeric", minute: "2-digit", second: "2-digit", timeZoneName: "short",
  }).format(new Date(iso));
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
