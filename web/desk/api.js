/** Calls to our own API. */

import { ownerOf } from "./session.js";

const WITHIN = 20_000;
const UNREACHABLE = "The server cannot be reached. Nothing was changed.";
const LATE = "The server did not answer in time. Look whether it was done before you try again.";

/** An answer that is not a success. `fields`: what is wrong with which field, by the field's last name; `code`: why. */
export class Problem extends Error {
  /** Whether there was no answer in time. */
  isLate = false;

  /** `status` is 0 where there was no answer. */
  constructor(status, body) {
    super(body?.detail ?? body?.title ?? `The server answered ${status}.`);
    this.status = status;
    this.code = body?.code ?? null;
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

  /** Whose token it is, as `ownerOf` says it. */
  get owner() {
    return ownerOf(this.#token);
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

  /**
   * The answer with its version; throws `Problem`, of status 412 where what is there is not what `match` names.
   * @param {string} method
   * @param {string} path
   * @param {{body?: object, match?: string|null}} [more]
   * @returns {Promise<{value: any, etag: string|null}>}
   */
  async exchange(method, path, { body, match = null } = {}) {
    const headers = { Authorization: `Bearer ${this.#token}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (match) headers["If-Match"] = match;
    const { answer, value } = await this.#send(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    if (answer.ok) return { value, etag: answer.headers.get("ETag") };
    if (answer.status === 401) this.dispatchEvent(new Event("unauthorized"));
    throw new Problem(answer.status, value);
  }

  async #call(method, path, body) {
    return (await this.exchange(method, path, { body })).value;
  }

  async #send(path, request) {
    const signal = AbortSignal.timeout(WITHIN);
    try {
      const answer = await fetch(path, { ...request, keepalive: request.method !== "GET", signal });
      return { answer, value: parsed(await answer.text()) };
    } catch {
      const problem = new Problem(0, { detail: signal.aborted ? LATE : UNREACHABLE });
      problem.isLate = signal.aborted;
      throw problem;
    }
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const works = new WeakMap();

/**
 * Runs `work` unless it runs already, so that nothing is asked for twice. Meanwhile `button` is disabled in words only:
 * it keeps the focus.
 */
export function busy(button, work) {
  const running = works.get(button) ?? run(button, work).finally(() => works.delete(button));
  works.set(button, running);
  return running;
}

async function run(button, work) {
  button.setAttribute("aria-disabled", "true");
  button.setAttribute("aria-busy", "true");
  try {
    return await work();
  } finally {
    button.removeAttribute("aria-disabled");
    button.removeAttribute("aria-busy");
  }
}

/** A fresh id; `crypto.randomUUID` exists in secure contexts only. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
