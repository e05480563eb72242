/**
 * Who is logged in: a token from the link's fragment or the login form. A tab keeps its own; a new one, as a push or
 * the installed app opens it, goes on with the last login of this browser until that expires or logs out.
 */

const KEY = "punctual-token";

/** The browser's own store, or null where pages may not have one. */
function shared() {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

function last() {
  const token = shared()?.getItem(KEY) ?? null;
  if (token && !((claims(token)?.exp ?? 0) * 1000 > Date.now())) {
    shared().removeItem(KEY);
    return null;
  }
  return token;
}

/** Takes `#token=…` out of the address, so that it is neither bookmarked nor shared. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    keep(given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  const token = sessionStorage.getItem(KEY) ?? last();
  if (token) sessionStorage.setItem(KEY, token);
  return token;
}

/**
 * What a token says of its holder, unverified (the server verifies): `{sub, tenant, role, exp}`, or null when it is none.
 * @param {string} token
 */
export function claims(token) {
  try {
    const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0));
    const { sub, tenant, role, exp } = JSON.parse(new TextDecoder().decode(bytes));
    return sub && tenant && role ? { sub, tenant, role, exp } : null;
  } catch {
    return null;
  }
}

export function keep(token) {
  sessionStorage.setItem(KEY, token);
  shared()?.setItem(KEY, token);
}

/** Logs out: this tab, and those that would go on with its login. */
export function forget() {
  const token = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  if (shared()?.getItem(KEY) === token) shared()?.removeItem(KEY);
}
