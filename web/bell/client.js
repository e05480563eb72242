/** The API by HTTP, as one user. */

const WITHIN = 20_000;

/** An answer that is a refusal. `status` is 0 where there was none; `problem` the server's words, or null. */
export class Refused extends Error {
  constructor(status, problem = null) {
    super(problem ?? `HTTP ${status}`);
    this.status = status;
    this.problem = problem;
  }
}

/** What a token says of its tenant and user, as one key, unverified; null when it says nothing. */
export function ownerOf(token) {
  try {
    const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0));
    const { sub, tenant } = JSON.parse(new TextDecoder().decode(bytes));
    return sub && tenant ? JSON.stringify([tenant, sub]) : null;
  } catch {
    return null;
  }
}

export class Client {
  #base;
  #token;
  #last = null;

  /**
   * @param {URL} base where the API is
   * @param {(how?: {fresh: boolean}) => Promise<string|null>} token asked before every request, and once more, with
   * `fresh`, when what it gave was refused
   */
  constructor(base, token) {
    this.#base = base;
    this.#token = token;
  }

  /**
   * The answer's JSON; throws `Refused`.
   * @param {string} method
   * @param {string} path below `/v1/`
   * @param {object} [body]
   * @param {{atOnce?: boolean}} [how] `atOnce`: with the token that was given last, before the page may be left
   */
  async call(method, path, body, { atOnce = false } = {}) {
    const token = (atOnce && this.#last) || (await this.#given());
    const answer = await this.#send(method, path, body, token);
    if (answer.status !== 401) return this.#read(answer);
    const fresh = await this.#given({ fresh: true });
    if (fresh === token) throw new Refused(401);
    return this.#read(await this.#send(method, path, body, fresh));
  }

  async #given(how) {
    const token = await Promise.resolve(this.#token(how)).catch(() => null);
    if (!token) throw new Refused(401);
    this.#last = token;
    return token;
  }

  async #send(method, path, body, token) {
    const headers = { Authorization: `Bearer ${token}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    try {
      return await fetch(new URL(`/v1/${path}`, this.#base), {
        method, headers, body: body === undefined ? undefined : JSON.stringify(body),
        keepalive: method !== "GET", signal: AbortSignal.timeout(WITHIN),
      });
    } catch {
      throw new Refused(0);
    }
  }

  async #read(answer) {
    const given = await answer.json().catch(() => null);
    if (answer.ok) return given;
    throw new Refused(answer.status, answer.status === 401 ? null : (given?.detail ?? given?.title ?? null));
  }
}
