/** Who is logged in: a token from the link's fragment or the login form, kept for this tab only. */

const KEY = "punctual-token";

/** Takes `#token=…` out of the address, so that it is neither bookmarked nor shared. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(KEY);
}

/**
 * What a token says of its holder, unverified (the server verifies): `{sub, tenant, role}`, or null when it is none.
 * @param {string} token
 */
export function claims(token) {
  try {
    const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0));
    const { sub, tenant, role } = JSON.parse(new TextDecoder().decode(bytes));
    return sub && tenant && role ? { sub, tenant, role } : null;
  } catch {
    return null;
  }
}

export function keep(token) {
  sessionStorage.setItem(KEY, token);
}

export function forget() {
  sessionStorage.removeItem(KEY);
}
