/**
 * The live connection of one user in one browser: all its tabs share one socket. The tab that holds a Web Lock leads
 * and has the socket; what it hears it passes on by a BroadcastChannel. When it goes, the next in line for the lock
 * connects. Where a browser has neither, every tab has a socket of its own.
 */

import { ownerOf } from "./client.js";
import { LiveSocket } from "./socket.js";

const ANSWER_WITHIN = 5_000;
const STAND_AGAIN = 30_000;

/** A name that tells users and APIs apart and shows nothing of them; null where tabs cannot share. */
async function sharedName(url, token) {
  if (!navigator.locks || !globalThis.BroadcastChannel || !globalThis.crypto?.subtle || !token) return null;
  const whose = new TextEncoder().encode(`${url} ${ownerOf(token) ?? token}`);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", whose));
  return `punctual-1-${Array.from(hash.slice(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** As `LiveSocket`: fires `frame`, `state` and `missed`, in every tab alike. Frames of a tab that joins late begin with a `ready`. */
export class Live extends EventTarget {
  #url;
  #token;
  #socket;
  #me = Math.random().toString(36).slice(2);
  #name = null;
  #channel = null;
  #standing = null;
  #resign = null;
  #newest = null;
  #unanswered = 0;
  #again = 0;
  #wanted = false;
  state = "connecting";

  /**
   * @param {string} url ws: or wss: address
   * @param {(how?: {fresh: boolean}) => Promise<string|null>} token
   */
  constructor(url, token) {
    super();
    this.#url = url;
    this.#token = token;
    this.#socket = new LiveSocket(url, token);
    this.#socket.addEventListener("frame", ({ detail }) => this.#heard(detail));
    this.#socket.addEventListener("state", ({ detail }) => this.#changed(detail));
    this.#socket.addEventListener("missed", () => this.#missed());
  }

  /** Resolves once nothing that is passed on can be missed any more: read the inbox after it. */
  async open() {
    this.#wanted = true;
    addEventListener("pagehide", this.#leave);
    addEventListener("pageshow", this.#back);
    document.addEventListener("visibilitychange", this.#look);
    await this.#join();
  }

  close() {
    this.#wanted = false;
    removeEventListener("pagehide", this.#leave);
    removeEventListener("pageshow", this.#back);
    document.removeEventListener("visibilitychange", this.#look);
    this.#leave();
    this.#set("offline");
  }

  /** Tries again at once where the login had expired: there may be a new token. */
  retry() {
    if (this.#wanted && this.state === "unauthorized") this.#stand();
  }

  async #join() {
    const token = await Promise.resolve(this.#token()).catch(() => null);
    const name = await sharedName(this.#url, token);
    if (!this.#wanted || this.#channel) return;
    this.#name = name;
    if (name) {
      this.#channel = new BroadcastChannel(name);
      this.#channel.onmessage = ({ data }) => this.#told(data);
    }
    this.#stand();
    this.#ask();
  }

  /** A page on its way out, or into the browser's cache of pages, leaves the socket to another. */
  #leave = () => {
    clearTimeout(this.#again);
    clearTimeout(this.#unanswered);
    this.#standing?.abort();
    this.#standing = null;
    this.#lay();
    this.#channel?.close();
    this.#channel = null;
  };

  #back = ({ persisted }) => {
    if (persisted && this.#wanted) void this.#join();
  };

  #look = () => {
    if (document.hidden || !this.#wanted) return;
    this.retry();
    this.#ask();
  };

  /** Gets in line for the socket. */
  #stand(steal = false) {
    clearTimeout(this.#again);
    if (!this.#name) {
      this.#socket.open();
      return;
    }
    this.#standing?.abort();
    const standing = new AbortController();
    this.#standing = standing;
    const lead = () => {
      if (standing.signal.aborted) return undefined;
      clearTimeout(this.#unanswered);
      return new Promise((resign) => {
        this.#resign = resign;
        this.#socket.open();
      });
    };
    const how = steal ? { steal } : { signal: standing.signal };
    navigator.locks.request(this.#name, how, lead).catch(() => {
      // Taken away by a tab that had waited in vain for a word of this one, which may have slept.
      if (standing.signal.aborted) return;
      this.#lay();
      this.#stand();
    });
  }

  #lay() {
    this.#resign?.();
    this.#resign = null;
    this.#socket.close();
  }

  /** Asks the leader how things are. One that does not answer a page in sight is asleep, and loses the socket to it. */
  #ask() {
    if (!this.#channel || this.#resign) return;
    this.#channel.postMessage({ ask: this.#me });
    clearTimeout(this.#unanswered);
    this.#unanswered = setTimeout(() => {
      if (!document.hidden && !this.#resign && this.state !== "unauthorized") this.#stand(true);
    }, ANSWER_WITHIN);
  }

  #told({ ask, to, state, frame, newest, missed }) {
    if (ask) {
      if (!this.#resign) return;
      // Somebody is looking: that is no time to wait for the next try.
      this.#socket.retry();
      this.#channel.postMessage({ to: ask, state: this.#socket.state, newest: this.#newest });
      return;
    }
    clearTimeout(this.#unanswered);
    if (this.#resign || (to && to !== this.#me)) return;
    if (state) this.#set(state);
    if (newest && state === "live") this.#tell(newest);
    if (frame) this.#tell(frame);
    if (missed) this.dispatchEvent(new Event("missed"));
  }

  #heard(frame) {
    if (Number.isInteger(frame.version)) {
      this.#newest = { type: "ready", unread_count: frame.unread_count ?? frame.count, version: frame.version };
    }
    if (frame.type !== "pong") this.#channel?.postMessage({ frame });
    this.#tell(frame);
  }

  /** The socket's own state; a login that has expired is this tab's alone, and another may have a better one. */
  #changed(state) {
    if (state === "unauthorized") {
      this.#resign?.();
      this.#resign = null;
      this.#again = setTimeout(() => this.#stand(), STAND_AGAIN);
    } else if (this.#name && !this.#resign) return;
    else this.#channel?.postMessage({ state });
    this.#set(state);
  }

  #missed() {
    if (this.#name && !this.#resign) return;
    this.#channel?.postMessage({ missed: true });
    this.dispatchEvent(new Event("missed"));
  }

  #tell(frame) {
    this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
  }

  #set(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }
}
