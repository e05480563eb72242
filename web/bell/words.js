/** The bell's words, in English and Hindi. Words with several forms choose theirs by the number `n`. */

const EN = {
  heading: "Notifications",
  bell: { one: "Notifications, {n} unread", other: "Notifications, {n} unread" },
  keys: "Arrow keys move, Enter opens, R marks as read or unread, E archives, S snoozes, Z undoes, Escape closes.",
  show: "Show", all: "All", unreadOnes: "Unread",
  markAll: "Mark all read", settings: "Notification settings", seeAll: "See all", close: "Close",
  older: "Show older", loaded: { one: "{n} older notification was added", other: "{n} older notifications were added" },
  caughtUp: "You are all caught up", nothingYet: "Reminders and news will show up here.",
  nothingUnread: "There is nothing unread.", notLoaded: "Not loaded", again: "Try again",
  offline: "Not connected. Trying again…",
  unauthorized: "The login has expired. New notifications do not arrive.",
  unreachable: "The server cannot be reached.", expired: "The login has expired.", answered: "The server answered {status}.",
  high: "Important", urgent: "Urgent", unread: "unread", acknowledged: "Acknowledged {when}",
  read: "Mark as read", unreadAgain: "Mark as unread", archive: "Archive", snooze: "Snooze", more: "More",
  readIt: "Mark as read: {title}", unreadIt: "Mark as unread: {title}", archiveIt: "Archive: {title}",
  snoozeIt: "Snooze: {title}", moreOf: "More: {title}", takeIt: "{act}: {title}",
  until: "Snooze until", hour: "In an hour", evening: "This evening", tomorrow: "Tomorrow", monday: "Next Monday",
  choose: "Choose a time…", day: "Day and time", past: "This time has passed.",
  undo: "Undo", undone: "Undone", undoKey: "Press Z to undo.",
  didRead: "Marked as read", didUnread: "Marked as unread", didArchive: "Archived", didSnooze: "Snoozed until {when}",
  didAll: { one: "{n} notification marked as read", other: "{n} notifications marked as read" },
  didTake: "Acknowledged: {title}", failed: "Not done: {why}",
  misplaced: "This bell cannot work: the address of its server is not valid.",
  toasts: "New notifications", dismiss: "Dismiss", newUrgent: "Urgent: {titles}",
  arrived: { one: "New notification: {titles}", other: "{n} new notifications: {titles}" },
  many: { one: "{n} new notification", other: "{n} new notifications" },
  rest: { one: "{titles} and {n} more", other: "{titles} and {n} more" },
};

const HI = {
  heading: "सूचनाएँ",
  bell: { one: "सूचनाएँ, {n} अपठित", other: "सूचनाएँ, {n} अपठित" },
  keys: "तीर कुंजियाँ आगे-पीछे ले जाती हैं, Enter खोलता है, R पढ़ा या अपठित करता है, E संग्रहित करता है, S टालता है, Z वापस लेता है, Escape बंद करता है।",
  show: "दिखाएँ", all: "सभी", unreadOnes: "अपठित",
  markAll: "सभी को पढ़ा हुआ करें", settings: "सूचना सेटिंग", seeAll: "सभी देखें", close: "बंद करें",
  older: "पुरानी दिखाएँ", loaded: { one: "{n} पुरानी सूचना जुड़ी", other: "{n} पुरानी सूचनाएँ जुड़ीं" },
  caughtUp: "आपने सब देख लिया है", nothingYet: "रिमाइंडर और समाचार यहाँ दिखेंगे।",
  nothingUnread: "कुछ भी अपठित नहीं है।", notLoaded: "लोड नहीं हुआ", again: "फिर से कोशिश करें",
  offline: "कनेक्शन नहीं है। फिर से कोशिश हो रही है…",
  unauthorized: "लॉगिन की अवधि समाप्त हो गई है। नई सूचनाएँ नहीं आएँगी।",
  unreachable: "सर्वर तक पहुँचा नहीं जा सका।", expired: "लॉगिन की अवधि समाप्त हो गई है।", answered: "सर्वर का उत्तर: {status}।",
  high: "महत्वपूर्ण", urgent: "अत्यावश्यक", unread: "अपठित", acknowledged: "{when} स्वीकार किया गया",
  read: "पढ़ा हुआ करें", unreadAgain: "अपठित करें", archive: "संग्रहित करें", snooze: "टालें", more: "और",
  readIt: "पढ़ा हुआ करें: {title}", unreadIt: "अपठित करें: {title}", archiveIt: "संग्रहित करें: {title}",
  snoozeIt: "टालें: {title}", moreOf: "और: {title}", takeIt: "{act}: {title}",
  until: "कब तक टालें", hour: "एक घंटे बाद", evening: "आज शाम", tomorrow: "कल", monday: "अगले सोमवार",
  choose: "समय चुनें…", day: "दिन और समय", past: "यह समय बीत चुका है।",
  undo: "वापस लें", undone: "वापस लिया गया", undoKey: "वापस लेने के लिए Z दबाएँ।",
  didRead: "पढ़ा हुआ किया गया", didUnread: "अपठित किया गया", didArchive: "संग्रहित किया गया", didSnooze: "{when} तक टाला गया",
  didAll: { one: "{n} सूचना पढ़ी हुई की गई", other: "{n} सूचनाएँ पढ़ी हुई की गईं" },
  didTake: "स्वीकार किया गया: {title}", failed: "नहीं हुआ: {why}",
  misplaced: "यह घंटी काम नहीं कर सकती: इसके सर्वर का पता सही नहीं है।",
  toasts: "नई सूचनाएँ", dismiss: "हटाएँ", newUrgent: "अत्यावश्यक: {titles}",
  arrived: { one: "नई सूचना: {titles}", other: "{n} नई सूचनाएँ: {titles}" },
  many: { one: "{n} नई सूचना", other: "{n} नई सूचनाएँ" },
  rest: { one: "{titles} और {n} अन्य", other: "{titles} और {n} अन्य" },
};

/** All words by language; each has the same keys. */
export const WORDS = { en: EN, hi: HI };

const primary = (tag) => String(tag ?? "").toLowerCase().split("-")[0];

/** The language of an element: its own `lang`, else the nearest ancestor's, else English; one that there are words in. */
export function language(element) {
  let at = element;
  while (at) {
    const found = at.closest?.("[lang]");
    if (found) return Object.hasOwn(WORDS, primary(found.lang)) ? primary(found.lang) : "en";
    at = at.getRootNode?.()?.host;
  }
  return "en";
}

/** The language as this reader's region writes dates and numbers in it. */
export const regional = (lang) => navigator.languages.find((one) => primary(one) === lang) ?? lang;

/**
 * The words of a language: `words("hi")("many", {n: 3})`. A key that there is no word for is its own word.
 * @param {string} lang
 * @returns {(key: string, values?: Record<string, string|number>) => string}
 */
export function words(lang) {
  const plural = new Intl.PluralRules(lang);
  const number = new Intl.NumberFormat(regional(lang), { useGrouping: false });
  return (key, values = {}) => {
    const found = WORDS[lang]?.[key] ?? EN[key] ?? key;
    const text = typeof found === "string" ? found : (found[plural.select(values.n)] ?? found.other);
    const said = (value) => (typeof value === "number" ? number.format(value) : String(value ?? ""));
    return text.replace(/\{(\w+)\}/g, (_, name) => said(values[name]));
  };
}
