/** The offline page: in the reader's language, and gone when the server answers again. */

const FIRST_WAIT = 2_000;
const LONGEST_WAIT = 30_000;

function language() {
  let stored = null;
  try {
    stored = localStorage.getItem("punctual-language");
  } catch {
    // The browser's languages say it.
  }
  return [stored, ...navigator.languages].map((tag) => String(tag).split("-")[0]).find((tag) => tag === "en" || tag === "hi") ?? "en";
}

async function answers() {
  try {
    return (await fetch("/healthz", { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

async function wait(length = FIRST_WAIT) {
  if (await answers()) location.reload();
  else setTimeout(() => void wait(Math.min(LONGEST_WAIT, length * 2)), length * (0.5 + Math.random() / 2));
}

const own = language();
document.documentElement.lang = own;
for (const section of document.querySelectorAll("section")) {
  section.hidden = section.lang !== own;
  section.querySelector("button").addEventListener("click", () => location.reload());
}
addEventListener("online", () => location.reload());
// Whoever came here by the address has a network, and nothing to come back to.
if (location.pathname !== "/offline") void wait();
