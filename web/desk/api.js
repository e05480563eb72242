/** Calls to our own API. */

/** An answer that is not a success. `fields`: what is wrong with which field, by the field's last name. */
export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail ?? body?.title ?? `The server answered ${status}.`);
    this.status = status;
    this.fields = new Map();
    for (const error of body?.errors ?? []) {
      const names = String(error.pointer ?? "").split("/").filter((part) => part && !/^\d+$/.test(part));
      this.fields.set(names.at(-1) ?? "", error.detail);
    }
  }
}

export class Api extends EventTarget {
  #token;

  /** Fires `unauthorized` when the token is not taken any more. */
  constructor(token) {
    super();
    this.#token = token;
  }

  get(path) {
    return this.#call("GET", path);
  }

  post(path, body) {
    return this.#call("POST", path, body);
  }

  put(path, body) {
    return this.#call("PUT", path, body);
  }

  patch(path, body) {
    return this.#call("PATCH", path, body);
  }

  delete(path) {
    return this.#call("DELETE", path);
  }

  async #call(method, path, body) {
    const headers = { Authorization: `Bearer ${this.#token}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let answer;
    try {
      answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    } catch {
      throw new Problem(0, { detail: "The server cannot be reached. Nothing was changed." });
    }
    const given = await answer.json().catch(() => null);
    if (answer.ok) return given;
    if (answer.status === 401) this.dispatchEvent(new Event("unauthorized"));
    throw new Problem(answer.status, given);
  }
}

/** Runs `work` with `button` disabled, so that nothing is asked for twice. */
export async function busy(button, work) {
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  try {
    return await work();
  } finally {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
}

/** A fresh id; `crypto.randomUUID` exists in secure contexts only. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
