/** A part of the inbox as this page knows it: read by HTTP, kept true by the bell's live frames. */

import { HOLDS, Store, isUnread, place } from "/bell/store.js";
import { explain } from "../pages/words.js";

const PAGE = 30;
const LARGEST_PAGE = 100;
/** So many are read again after a gap; what is below comes again by scrolling. */
const MOST_READ_AGAIN = 500;
const READ_AGAIN_AFTER = 200;

const STATUS = {
  ...HOLDS,
  read: (item) => HOLDS.all(item) && item.read_at,
  archived: (item) => item.archived_at,
  snoozed: (item) => item.snoozed_until && !item.archived_at,
};

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Fires `change` after every change of what is to be seen. */
export class Items extends EventTarget {
  #api;
  #version = -1;
  #unread = 0;
  #asked = 0;
  #reading = null;
  #next = null;
  #held = [];
  #store = new Store();
  #waiting = new Set();
  #horizon = "";
  filter = null;
  /** What is shown, newest first. */
  items = [];
  /** What has come since and would move what the reader looks at. */
  fresh = [];
  cursor = null;
  /** `loading`, `ready` or `error`. */
  status = "loading";
  problem = "";
  /** The id of the one that lies open: that it is read, or unread again, does not take it out of sight. */
  open = null;
  /** Whether the reader would lose the place if something came on top. */
  isBusy = () => false;

  constructor(api) {
    super();
    this.#api = api;
  }

  /** How many are unread in the whole inbox, with what is done here. */
  get unread() {
    return this.#store.count(this.#unread);
  }

  /** Shows another part of the inbox. */
  async show(filter) {
    Object.assign(this, { filter, cursor: null, status: "loading", problem: "", open: null });
    this.#store.clear();
    this.#waiting.clear();
    this.#asked += 1;
    this.#reading = null;
    this.#next = null;
    this.changed();
    await this.refresh();
  }

  /** Reads again what is shown, from now on: calls that meet share one reading. */
  refresh() {
    if (this.#reading) return (this.#next ??= this.#afterwards(this.#asked));
    return this.#hold((asked) => this.#read(asked));
  }

  /** The next older ones; false when that failed. */
  async more() {
    while (this.#reading) await this.#reading;
    if (this.cursor) await this.#hold((asked) => this.#readOn(asked));
    return !this.problem;
  }

  /** Shows what has come. */
  takeFresh() {
    this.#waiting.clear();
    this.changed();
  }

  /** One as the server has it. */
  known(id) {
    return this.#store.get(id);
  }

  /** Shows what is being done, until the function that this answers is called. */
  begin(ids, values) {
    const act = this.#store.begin({ ids, values });
    this.changed();
    return () => {
      this.#store.end(act);
      this.changed();
    };
  }

  /** Takes in what an act has made of one, unless something newer was heard of it since `before`. */
  keep(before, after) {
    if (!before || this.known(after.id) !== before) return;
    this.#unread += isUnread(after) - isUnread(before);
    this.#store.put(after);
    this.changed();
  }

  drop(ids) {
    for (const id of ids) this.#store.drop(id);
    if (ids.includes(this.open)) this.open = null;
    this.changed();
  }

  /** Opens one, or with null closes what is open; what was open only by that leaves. */
  unfold(id) {
    this.open = id;
    this.changed();
  }

  /** A live frame: while something is read it waits, as only its version tells whether it was read as well. */
  hear(frame) {
    if (!this.filter || frame.type === "announcement" || !Number.isInteger(frame.version)) return;
    if (this.#reading) this.#held.push(frame);
    else this.#follow(frame);
  }

  changed() {
    const seen = this.filter ? this.#store.list((item) => this.#stays(item), this.#horizon) : [];
    const isFresh = ({ id }) => this.#waiting.has(id);
    // Where nothing is shown there is nobody's place to lose.
    if (seen.every(isFresh)) this.#waiting.clear();
    this.items = seen.filter((item) => !isFresh(item));
    this.fresh = seen.filter(isFresh);
    this.#waiting = new Set(this.fresh.map(({ id }) => id));
    this.dispatchEvent(new Event("change"));
  }

  async #afterwards(asked) {
    await this.#reading;
    await pause(READ_AGAIN_AFTER);
    if (asked !== this.#asked) return;
    this.#next = null;
    await this.refresh();
  }

  #hold(work) {
    const reading = work(this.#asked).finally(() => {
      if (this.#reading !== reading) return;
      this.#reading = null;
      for (const frame of this.#held.splice(0)) this.hear(frame);
      this.changed();
    });
    this.#reading = reading;
    return reading;
  }

  #follow(frame) {
    const { type, version, notification } = frame;
    if (version <= this.#version) return;
    const misses = type === "ready" || type === "unread_count" || version > this.#version + 1;
    const isUnknown = this.filter.q && notification && !this.known(notification.id);
    if (this.status !== "ready" || misses || isUnknown) {
      void this.refresh();
      return;
    }
    this.#version = version;
    this.#unread = frame.unread_count;
    if (type === "notification_deleted") {
      this.drop([frame.id]);
    } else if (notification) {
      // While something older waits it waits as well, so that nothing is overtaken.
      const isLate = this.#waiting.size > 0 || this.isBusy();
      if (isLate && this.#isOnTop(notification)) this.#waiting.add(notification.id);
      this.#store.put(notification);
      this.changed();
    }
  }

  /** Whether one is new here and would come on top. */
  #isOnTop(item) {
    const [top] = this.items;
    return Boolean(top) && !this.known(item.id) && place(item) > place(top);
  }

  #belongs(item) {
    const { status, category, priority } = this.filter;
    return Boolean(STATUS[status](item) && (!category || item.category === category) && (!priority || item.priority === priority));
  }

  #stays(item) {
    const isOpen = item.id === this.open && ["unread", "read"].includes(this.filter.status);
    return this.#belongs(item) || (isOpen && STATUS.all(item));
  }

  #path(limit, cursor) {
    const query = new URLSearchParams({ limit });
    for (const [key, value] of Object.entries(this.filter)) if (value) query.set(key, value);
    if (cursor) query.set("cursor", cursor);
    return `/v1/notifications?${query}`;
  }

  async #read(asked) {
    const wanted = Math.min(MOST_READ_AGAIN, Math.max(PAGE, this.items.length + this.fresh.length));
    const found = [];
    let first;
    let page;
    try {
      do {
        page = await this.#api.get(this.#path(Math.min(LARGEST_PAGE, wanted - found.length), page?.next_cursor));
        first ??= page;
        found.push(...page.items);
      } while (page.next_cursor && found.length < wanted);
      const open = await this.#lookedUp(found);
      if (asked !== this.#asked) return;
      this.#reach(found, page.next_cursor, open);
      // What changed while the other pages were read is told by frames that are newer than the first.
      this.#version = first.version;
      this.#unread = first.unread_count;
      this.status = "ready";
      this.problem = "";
    } catch (error) {
      if (asked !== this.#asked) return;
      if (this.status !== "ready") this.status = "error";
      this.problem = explain(error);
    }
  }

  async #readOn(asked) {
    try {
      const page = await this.#api.get(this.#path(PAGE, this.cursor));
      if (asked !== this.#asked) return;
      const above = this.#horizon;
      this.#horizon = page.next_cursor ? place(page.items.at(-1)) : "";
      this.#replace(page.items, above);
      this.cursor = page.next_cursor;
      this.problem = "";
    } catch (error) {
      if (asked === this.#asked) this.problem = explain(error);
    }
  }

  /** The one that lies open, where it is not among those that were found and has not gone. */
  async #lookedUp(found) {
    if (!this.open || found.some(({ id }) => id === this.open)) return [];
    const item = await this.#api.get(`/v1/notifications/${encodeURIComponent(this.open)}`).catch(() => null);
    if (!item || !this.#stays(item)) this.open = null;
    return this.open ? [item] : [];
  }

  #reach(found, cursor, open) {
    if (!this.isBusy()) this.#waiting.clear();
    else for (const item of found) if (this.#isOnTop(item)) this.#waiting.add(item.id);
    this.#horizon = cursor && found.length ? place(found.at(-1)) : "";
    this.#replace([...found, ...open]);
    this.cursor = cursor;
  }

  #replace(found, above) {
    this.#store.replace((item) => this.#belongs(item), found, this.#horizon, above);
  }
}
