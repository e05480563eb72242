/** The pages' words in the reader's language, and their places in the page. */

import { NAMES as EN_NAMES } from "./names-en.js";
import { NAMES as HI_NAMES } from "./names-hi.js";
import { OUTCOMES as EN_OUTCOMES } from "./outcomes-en.js";
import { OUTCOMES as HI_OUTCOMES } from "./outcomes-hi.js";
import { WORDS as EN } from "./words-en.js";
import { WORDS as HI } from "./words-hi.js";

const KEY = "punctual-language";

/** The languages there are, by their own names. */
export const LANGUAGES = { en: "English", hi: "हिन्दी" };
/** All words and names by language; each has the same keys. */
export const ALL = { en: { ...EN, ...EN_NAMES, ...EN_OUTCOMES }, hi: { ...HI, ...HI_NAMES, ...HI_OUTCOMES } };

const primary = (tag) => String(tag ?? "").toLowerCase().split("-")[0];

function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function chosen() {
  const asked = [new URLSearchParams(location.search).get("lang"), stored(), ...navigator.languages];
  return asked.map(primary).find((one) => Object.hasOwn(LANGUAGES, one)) ?? "en";
}

/** The page's language. */
export const lang = chosen();
/** The language with the reader's region, for dates and numbers. */
export const locale = navigator.languages.find((one) => primary(one) === lang) ?? lang;

document.documentElement.lang = lang;
const plural = new Intl.PluralRules(lang);
const number = new Intl.NumberFormat(locale);

/**
 * The words for a key, with `{name}` replaced. Words with several forms choose theirs by the number `n`.
 * @param {string} key
 * @param {Record<string, string|number>} [values]
 */
export function t(key, values = {}) {
  const found = ALL[lang][key] ?? ALL.en[key] ?? key;
  const text = typeof found === "string" ? found : (found[plural.select(values.n)] ?? found.other);
  return text.replace(/\{(\w+)\}/g, (_, name) => (typeof values[name] === "number" ? number.format(values[name]) : (values[name] ?? "")));
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1).replaceAll(/[_.]/g, " ");

/** The name of a category, type, channel, priority or kind: `name("category", "follow_ups")`. */
export function name(what, key) {
  return ALL[lang][`${what}.${key}`] ?? sentence(key);
}

/** Whether there is such a name of our own. */
export const has = (what, key) => Object.hasOwn(ALL.en, `${what}.${key}`);

/** What of an error people read: our own words where there is no answer, else the server's. */
export const explain = (error) => (error.status === 0 ? t(error.isLate ? "late" : "unreachable") : error.message);

const PLACES = { t: "textContent", tLabel: "ariaLabel", tPlaceholder: "placeholder", tTitle: "title" };

/** Puts the words into every element of `root` that names one: `data-t`, `data-t-label`, `data-t-placeholder`, `data-t-title`. */
export function translate(root) {
  for (const [attribute, property] of Object.entries(PLACES)) {
    const selector = attribute.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    for (const element of root.querySelectorAll(`[data-${selector}]`)) element[property] = t(element.dataset[attribute]);
  }
}

/** Stores the choice and shows the page in it; the address no longer says another. */
export function speak(language) {
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // Without storage the choice lasts for this address only.
  }
  const url = new URL(location.href);
  url.searchParams.delete("lang");
  if (stored() !== language) url.searchParams.set("lang", language);
  location.replace(url);
}

// A language that was asked for by the address stays for the pages one goes to from here.
if (primary(new URLSearchParams(location.search).get("lang")) === lang) {
  try {
    localStorage.setItem(KEY, lang);
  } catch {
    // The address still says it.
  }
}
