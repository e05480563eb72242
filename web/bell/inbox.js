/** The user's inbox as this page knows it: read by HTTP, kept true by live frames. */

import { LiveSocket } from "./socket.js";

const PAGE = 20;
const LARGEST_PAGE = 100;

/**
 * Fires `change` (look again), `notification` (detail: one that is new), `state` (detail: of the connection) and
 * `frame` (detail: every live frame). Every change has a version; a gap in versions means that the list is read anew.
 */
export class Inbox extends EventTarget {
  #base;
  #token;
  #socket;
  #version = -1;
  #known = new Set();
  #loading = null;
  #again = false;
  #first = true;
  items = [];
  unread = 0;
  cursor = null;
  /** `loading`, `ready` or `error`; after the first success it stays `ready`. */
  status = "loading";
  problem = "";

  /**
   * @param {URL} base where the API is
   * @param {() => Promise<string|null>} token
   */
  constructor(base, token) {
    super();
    this.#base = base;
    this.#token = token;
    const live = new URL("/v1/ws", base);
    live.protocol = live.protocol === "https:" ? "wss:" : "ws:";
    this.#socket = new LiveSocket(live.href, token);
    this.#socket.addEventListener("state", ({ detail }) => this.#connection(detail));
    this.#socket.addEventListener("frame", ({ detail }) => this.#hear(detail));
  }

  get connection() {
    return this.#socket.state;
  }

  open() {
    this.#socket.open();
    void this.reload();
  }

  close() {
    this.#socket.close();
  }

  /** Reads the newest again; calls that meet share one request, and one more follows if asked for meanwhile. */
  async reload() {
    if (this.#loading) {
      this.#again = true;
      return this.#loading;
    }
    this.#loading = this.#read().finally(() => (this.#loading = null));
    await this.#loading;
    if (this.#again) {
      this.#again = false;
      await this.reload();
    }
  }

  async more() {
    if (!this.cursor) return;
    try {
      const page = await this.#call("GET", `notifications?limit=${PAGE}&cursor=${encodeURIComponent(this.cursor)}`);
      const have = new Set(this.items.map((item) => item.id));
      this.items.push(...page.items.filter((item) => !have.has(item.id)));
      for (const item of page.items) this.#known.add(item.id);
      this.cursor = page.next_cursor;
      this.problem = "";
    } catch (error) {
      this.problem = error.message;
    }
    this.#changed();
  }

  /** Reads one, at once on screen; the server's frame confirms it. */
  async markRead(id) {
    const item = this.items.find((one) => one.id === id);
    if (!item || item.read_at) return;
    item.read_at = new Date().toISOString();
    this.unread = Math.max(0, this.unread - 1);
    this.#changed();
    await this.#act("PATCH", `notifications/${encodeURIComponent(id)}`, { read: true });
  }

  async markAllRead() {
    const now = new Date().toISOString();
    for (const item of this.items) item.read_at ??= now;
    this.unread = 0;
    this.#changed();
    await this.#act("POST", "notifications/mark-all-read", {});
  }

  /**
   * Takes what one tells of in hand, at once on screen, and undoes that when it is refused.
   * @returns {Promise<string|null>} why it was refused
   */
  async acknowledge(id) {
    const set = (at) => {
      const item = this.items.find((one) => one.id === id);
      if (item) item.acknowledged_at = at;
    };
    const now = new Date().toISOString();
    set(now);
    this.problem = "";
    this.#changed();
    try {
      const answer = await this.#call("POST", `notifications/${encodeURIComponent(id)}/acknowledge`);
      set(answer.acknowledged_at ?? now);
      await this.markRead(id);
      return null;
    } catch (error) {
      set(null);
      await this.reload();
      this.problem = error.message;
      this.#changed();
      return error.message;
    }
  }

  async #act(method, path, body) {
    try {
      await this.#call(method, path, body);
      this.problem = "";
      if (this.connection !== "live") await this.reload();
    } catch (error) {
      await this.reload();
      this.problem = error.message;
      this.#changed();
    }
  }

  async #read() {
    const limit = Math.min(LARGEST_PAGE, Math.max(PAGE, this.items.length));
    try {
      const page = await this.#call("GET", `notifications?limit=${limit}`);
      const newest = Math.max(0, ...this.items.map((item) => Date.parse(item.created_at)));
      const isNew = (item) => !item.read_at && !this.#known.has(item.id) && Date.parse(item.created_at) >= newest;
      const fresh = page.items.filter(isNew);
      this.items = page.items;
      this.unread = page.unread_count;
      this.cursor = page.next_cursor;
      this.#version = page.version;
      this.status = "ready";
      this.problem = "";
      for (const item of page.items) this.#known.add(item.id);
      if (!this.#first) for (const item of fresh.reverse()) this.#announce(item);
      this.#first = false;
    } catch (error) {
      if (this.status !== "ready") this.status = "error";
      this.problem = error.message;
    }
    this.#changed();
  }

  #connection(state) {
    // Without a socket the list is still read at every attempt, so a page behind a poor proxy stays useful.
    if (state === "offline" && !this.#first) void this.reload();
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }

  #hear(frame) {
    this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
    if (frame.type === "announcement") {
      this.#announce(frame.notification);
      return;
    }
    if (!Number.isInteger(frame.version)) return;
    if (frame.type === "ready") {
      void this.#catchUp(frame.version);
      return;
    }
    if (frame.version <= this.#version) return;
    if (this.#loading || frame.version > this.#version + 1) {
      void this.reload();
      return;
    }
    this.#version = frame.version;
    this.#apply(frame);
  }

  async #catchUp(version) {
    await this.#loading;
    if (version !== this.#version) await this.reload();
  }

  #apply(frame) {
    const { notification } = frame;
    this.unread = frame.unread_count ?? frame.count ?? this.unread;
    if (frame.type === "new_notification") {
      this.items = [notification, ...this.items.filter((item) => item.id !== notification.id)];
      if (!this.#known.has(notification.id)) this.#announce(notification);
      this.#known.add(notification.id);
    } else if (frame.type === "notification_deleted") {
      this.items = this.items.filter((item) => item.id !== frame.id);
    } else if (frame.type === "notification_updated") {
      const hidden = notification.archived_at || notification.snoozed_until;
      const at = this.items.findIndex((item) => item.id === notification.id);
      if (hidden) this.items = this.items.filter((item) => item.id !== notification.id);
      else if (at >= 0) this.items[at] = notification;
      else void this.reload();
    } else if (frame.type === "unread_count") {
      // A bulk change: which ones it read is in the list only.
      void this.reload();
    }
    this.#changed();
  }

  #announce(notification) {
    this.dispatchEvent(new CustomEvent("notification", { detail: notification }));
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }

  async #call(method, path, body) {
    const token = await this.#token();
    const headers = { Authorization: `Bearer ${token}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let answer;
    try {
      answer = await fetch(new URL(`/v1/${path}`, this.#base), {
        method, headers, body: body === undefined ? undefined : JSON.stringify(body), keepalive: method !== "GET",
      });
    } catch {
      throw new Error("The server cannot be reached.");
    }
    const given = await answer.json().catch(() => null);
    if (answer.ok) return given;
    if (answer.status === 401) throw new Error("The login has expired.");
    throw new Error(given?.detail ?? given?.title ?? `The server answered ${answer.status}.`);
  }
}
