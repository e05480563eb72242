/** The offline page: in the reader's language, and gone when the address answers again. */

const FIRST_WAIT = 2_000;
const LONGEST_WAIT = 30_000;
/** The times that this page gave way and was back at once: each makes it wait longer. */
const KEY = "punctual-offline";
const FORGOTTEN_AFTER = 4 * LONGEST_WAIT;
const WITHIN = 10_000;

function language() {
  let stored = null;
  try {
    stored = localStorage.getItem("punctual-language");
  } catch {
    // The browser's languages say it.
  }
  return [stored, ...navigator.languages].map((tag) => String(tag).split("-")[0]).find((tag) => tag === "en" || tag === "hi") ?? "en";
}

/** How often it gave way in vain; null where that cannot be kept. */
function tries() {
  try {
    const { n, at } = JSON.parse(sessionStorage.getItem(KEY)) ?? { n: 0, at: 0 };
    return Date.now() - at < FORGOTTEN_AFTER ? n : 0;
  } catch {
    return null;
  }
}

function giveWay() {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ n: tries() + 1, at: Date.now() }));
  } catch {
    // Then every try waits its longest.
  }
  location.reload();
}

/** Whether this very address answers: another one may, where this one does not. */
async function answers() {
  try {
    return (await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(WITHIN) })).status < 500;
  } catch {
    return false;
  }
}

async function look(length) {
  if (await answers()) giveWay();
  else wait(length);
}

function wait(length) {
  setTimeout(() => void look(Math.min(LONGEST_WAIT, length * 2)), length * (0.5 + Math.random() / 2));
}

function begin() {
  const before = tries();
  if (before === 0) void look(FIRST_WAIT);
  else wait(before === null ? LONGEST_WAIT : Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** before));
}

const own = language();
document.documentElement.lang = own;
for (const section of document.querySelectorAll("section")) {
  section.hidden = section.lang !== own;
  section.querySelector("button").addEventListener("click", () => location.reload());
}
// Whoever came here by the address has a network, and nothing to come back to.
if (location.pathname !== "/offline") {
  addEventListener("online", giveWay);
  begin();
}
