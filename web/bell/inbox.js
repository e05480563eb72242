/** The user's inbox as this page knows it: read by HTTP, and kept true by live frames. */

import { Acts } from "./acts.js";
import { Client } from "./client.js";
import { Feed } from "./feed.js";
import { Live } from "./live.js";
import { Store, isUnread } from "./store.js";

const READ_AGAIN_AFTER = 200;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Fires `change` (look again), `read` (it was read anew), `arrived` (detail: {items, n}, the new ones known and how many they are in all),
 * `announcement` (detail: the notification), `state` (detail: of the connection), `missed` (it was lost, or a try to
 * make it failed) and `frame` (detail: every live frame). Every change of an inbox has a version: a gap means that it
 * is read anew. What people do is in `acts`.
 */
export class Inbox extends EventTarget {
  #live;
  #client;
  #store = new Store();
  #feeds;
  #version = -1;
  #count = 0;
  #told = new Set();
  #woken = new Set();
  #reading = null;
  #next = null;
  #held = [];
  #isFirst = true;
  #wasLost = false;

  /**
   * @param {URL} base where the API is
   * @param {(how?: {fresh: boolean}) => Promise<string|null>} token
   */
  constructor(base, token) {
    super();
    this.#client = new Client(base, token);
    this.#feeds = { all: new Feed(this.#client, this.#store, "all") };
    const live = new URL("/v1/ws", base);
    live.protocol = live.protocol === "https:" ? "wss:" : "ws:";
    this.#live = new Live(live.href, token);
    this.#live.addEventListener("state", ({ detail }) => this.#connection(detail));
    this.#live.addEventListener("frame", ({ detail }) => this.#hear(detail));
    // Without a socket the list is still read at every attempt, so a page behind a poor proxy stays useful.
    this.#live.addEventListener("missed", () => {
      if (!this.#isFirst) void this.reload();
      this.dispatchEvent(new Event("missed"));
    });
    this.acts = new Acts(this.#client, this.#store, this);
  }

  get connection() {
    return this.#live.state;
  }

  /** `loading`, `ready` or `error`; after the first success it stays `ready`. */
  get status() {
    return this.#feeds.all.status;
  }

  /** What was read of the list, the newest first. */
  get items() {
    return this.#feeds.all.items;
  }

  get unread() {
    return this.#store.count(this.#count);
  }

  get version() {
    return this.#version;
  }

  /** @returns {import("./client.js").Refused|null} why the last act was undone, or the last reading failed */
  get problem() {
    return this.acts.problem ?? this.#feeds.all.problem;
  }

  /**
   * One of its lists, read from the first time on that it is asked for.
   * @param {"all"|"unread"} which
   */
  feed(which) {
    if (!this.#feeds[which]) {
      this.#feeds[which] = new Feed(this.#client, this.#store, which);
      void this.reload();
    }
    return this.#feeds[which];
  }

  async open() {
    await this.#live.open();
    await this.reload();
  }

  close() {
    this.#live.close();
  }

  /** Tries again what waits: there may be a new token. */
  retry() {
    this.#live.retry();
    return this.reload();
  }

  /** Reads what was read again, from now on: calls that meet share one reading. */
  reload() {
    if (this.#reading) return (this.#next ??= this.#afterwards());
    return this.#hold(() => this.#read());
  }

  /** Reads a list further down. */
  async more(which = "all") {
    while (this.#reading) await this.#reading;
    if (this.#feeds[which].cursor) await this.#hold(() => this.#feeds[which].more());
  }

  /** A notification as the server has it, also beyond the lists; null where there is none. Throws `Refused`. */
  async look(id) {
    const known = this.items.find((item) => item.id === id);
    if (known) return known;
    try {
      return await this.#client.call("GET", `notifications/${encodeURIComponent(id)}`);
    } catch (error) {
      if (error.status === 404) return null;
      throw error;
    }
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  /** Takes in a notification as an act has left it. */
  keep(before, after) {
    this.#count += Number(isUnread(after)) - Number(isUnread(before));
    this.#know(after);
  }

  async #afterwards() {
    await this.#reading;
    await pause(READ_AGAIN_AFTER);
    this.#next = null;
    return this.reload();
  }

  /** What is heard while a list is read may be in it or not: it waits, and its version tells. */
  #hold(work) {
    this.#reading = work().finally(() => {
      this.#reading = null;
      for (const frame of this.#held.splice(0)) this.#follow(frame);
      this.changed();
    });
    return this.#reading;
  }

  async #read() {
    const { all, ...others } = this.#feeds;
    const newest = Date.parse(this.items[0]?.created_at);
    const page = await all.read();
    for (const feed of Object.values(others)) await feed.read();
    if (!page) return;
    const isNew = (item) => !this.#told.has(item.id) && !(Date.parse(item.created_at) < newest);
    const items = page.items.filter((item) => isUnread(item) && (this.#woken.has(item.id) || isNew(item)));
    this.#woken.clear();
    // Where all that was read is new, there is more of it further down.
    const n = Math.max(items.length, items.length === page.items.length ? page.unread_count - this.#count : 0);
    this.#version = page.version;
    this.#count = page.unread_count;
    this.#wasLost = false;
    for (const item of page.items) this.#told.add(item.id);
    if (!this.#isFirst && items.length) this.#arrived(items.reverse(), n);
    this.#isFirst = false;
    this.dispatchEvent(new Event("read"));
  }

  #connection(state) {
    if (state !== "live") this.#wasLost = true;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }

  #hear(frame) {
    this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
    if (frame.type === "unread_count") for (const id of frame.woken ?? []) this.#woken.add(id);
    if (frame.type === "announcement") {
      this.dispatchEvent(new CustomEvent("announcement", { detail: frame.notification }));
    } else if (Number.isInteger(frame.version)) {
      if (this.#reading) this.#held.push(frame);
      else this.#follow(frame);
    }
  }

  #follow(frame) {
    if (frame.type === "ready") {
      if (frame.version !== this.#version || this.#wasLost) void this.reload();
      return;
    }
    if (frame.version <= this.#version) return;
    // Which ones a bulk change was about is in the list only.
    if (this.#reading || frame.version > this.#version + 1 || frame.type === "unread_count") {
      void this.reload();
      return;
    }
    this.#version = frame.version;
    this.#count = frame.unread_count;
    if (frame.type === "notification_deleted") this.#store.drop(frame.id);
    else this.#know(frame.notification, frame.woken);
    if (frame.type === "new_notification") this.#new(frame.notification);
    this.changed();
  }

  /** Keeps a notification as the server has it; one whose snooze has ended is new once more. */
  #know(item, woken = false) {
    this.#store.put(item);
    if (woken) this.#arrived([item], 1);
  }

  #new(item) {
    if (!this.#told.has(item.id)) this.#arrived([item], 1);
    this.#told.add(item.id);
  }

  #arrived(items, n) {
    this.dispatchEvent(new CustomEvent("arrived", { detail: { items, n } }));
  }
}
