/** The browser's storage, for pages that may not have any: then nothing is found, and nothing is kept. */

/** @param {"localStorage"|"sessionStorage"} area */
export function read(area, key) {
  try {
    return window[area].getItem(key);
  } catch {
    return null;
  }
}

/** Keeps a value, or forgets it where it is null; whether that was possible. */
export function write(area, key, value) {
  try {
    if (value === null) window[area].removeItem(key);
    else window[area].setItem(key, value);
    return true;
  } catch {
    return false;
  }
}
