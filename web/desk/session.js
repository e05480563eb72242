/**
 * Who is logged in: a token from the link's fragment or the login form. A tab keeps its own; a new one, as a push or
 * the installed app opens it, goes on with the last login of this browser until that expires or logs out.
 */

import { read, write } from "./storage.js";
import { mayBecome } from "./switch.js";

const KEY = "punctual-token";
/** The users who have logged out of this browser: what their other tabs, and pages in the history, still hold is over. */
const LEFT = "punctual-logged-out";
const MOST = 50;
/** What a tab keeps in the place of a token: it does not go on with somebody else's login by itself. */
const LOGGED_OUT = "";
const EXPIRED = "expired";

/** Fires `end` before a page goes because its login has: `detail` is `expired` or `left`. */
export const session = new EventTarget();

/** What this tab holds where it may not store anything. */
let unstored = null;
/** The token that this page works with. */
let used = null;

/**
 * What a token says of its holder, unverified (the server verifies): `{sub, tenant, role, exp}`, or null when it is none.
 * @param {string} token
 */
export function claims(token) {
  try {
    const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0));
    const { sub, tenant, role, exp } = JSON.parse(new TextDecoder().decode(bytes));
    return [sub, tenant, role].every((one) => one && typeof one === "string") ? { sub, tenant, role, exp } : null;
  } catch {
    return null;
  }
}

/** The user whom a token is of, as one key; null where it is none. */
export function ownerOf(token) {
  const one = claims(token);
  return one && JSON.stringify([one.tenant, one.sub]);
}

const isFresh = (token) => (claims(token)?.exp ?? 0) * 1000 > Date.now();

function left() {
  try {
    return JSON.parse(read("localStorage", LEFT)) ?? [];
  } catch {
    return [];
  }
}

function last() {
  const token = read("localStorage", KEY);
  if (token === null || isFresh(token)) return token;
  write("localStorage", KEY, null);
  return null;
}

/** What this tab goes on with; null where nobody has logged in. */
function current() {
  const token = unstored ?? read("sessionStorage", KEY) ?? last();
  return token && left().includes(ownerOf(token)) ? LOGGED_OUT : token;
}

function hold(token) {
  unstored = write("sessionStorage", KEY, token) ? null : token;
}

function keep(token) {
  const owner = ownerOf(token);
  hold(token);
  if (!owner) return;
  write("localStorage", KEY, token);
  if (left().includes(owner)) write("localStorage", LEFT, JSON.stringify(left().filter((one) => one !== owner)));
}

/** The token in the address, or null; it does not stay there, so that it is neither bookmarked nor shared. */
function linked() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given !== null) history.replaceState(history.state, "", location.pathname + location.search);
  return given;
}

/** Logs in by a link; whether it did. Where another user is logged in, the reader decides. */
async function follow(given, ask) {
  const now = current();
  if (isFresh(now)) {
    if (!claims(given)) return false;
    if (ownerOf(given) !== ownerOf(now) && !(await ask(claims(now), claims(given)))) return false;
  }
  keep(given);
  return true;
}

/** Ends this page; nothing of it is seen or touched any more. */
function end(reason, go) {
  session.dispatchEvent(new CustomEvent("end", { detail: reason }));
  document.body.hidden = true;
  go();
}

/**
 * Who is logged in here, by the address or by what is kept; from now on the page goes when that login does.
 * @param {(from: object, to: object) => Promise<boolean>} [ask] whether a link may log in as somebody else
 * @returns {Promise<{token: string, me: object|null, problem: "expired"|"damaged"|null}>}
 */
export async function takeToken(ask = mayBecome) {
  const given = linked();
  if (given) await follow(given, ask);
  const token = current();
  if (token !== null) hold(token);
  used = token ?? LOGGED_OUT;
  const me = claims(used);
  const look = (isOver) => me && (isOver || current() !== used) && end("left", () => location.reload());
  // Where nothing is stored, a page that comes back from the history cannot know what has happened since.
  addEventListener("pageshow", ({ persisted }) => persisted && look(unstored !== null));
  addEventListener("storage", () => look(false));
  // A link with a token opened in a tab that is already here changes the fragment only.
  addEventListener("hashchange", async () => {
    const next = linked();
    if (next && (await follow(next, ask))) location.reload();
  });
  const problem = used === EXPIRED ? EXPIRED : "damaged";
  return { token: used, me, problem: used && !me ? problem : null };
}

/** Logs in, and shows the page anew. */
export function enter(token) {
  keep(token);
  if (unstored) history.replaceState(null, "", `#token=${encodeURIComponent(token)}`);
  location.reload();
}

/** The server does not take this tab's token any more: the page asks for another. */
export function expire() {
  if (read("localStorage", KEY) === used) write("localStorage", KEY, null);
  hold(EXPIRED);
  end("expired", () => location.reload());
}

/** Logs the user out of this browser, and leaves for `path`. */
export function logOut(path) {
  const owner = ownerOf(used);
  const stored = read("localStorage", KEY);
  if (stored === used || ownerOf(stored) === owner) write("localStorage", KEY, null);
  write("localStorage", LEFT, JSON.stringify([...left().filter((one) => one !== owner), owner].slice(-MOST)));
  hold(LOGGED_OUT);
  end("left", () => location.replace(path));
}
