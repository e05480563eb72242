/** A part of the inbox as this page knows it: read by HTTP, kept true by the bell's live frames. */

import { explain } from "../pages/words.js";

const PAGE = 30;
const LARGEST_PAGE = 100;
/** So many are read again after a gap; what is below comes again by scrolling. */
const MOST_READ_AGAIN = 500;

const STATUS = {
  all: (item) => !item.archived_at && !item.snoozed_until,
  unread: (item) => STATUS.all(item) && !item.read_at,
  read: (item) => STATUS.all(item) && item.read_at,
  archived: (item) => item.archived_at,
  snoozed: (item) => item.snoozed_until && !item.archived_at,
};

const newestFirst = (a, b) => Date.parse(b.created_at) - Date.parse(a.created_at) || (a.id < b.id ? 1 : -1);

/** Fires `change` after every change of what is to be seen. */
export class Items extends EventTarget {
  #api;
  #version = -1;
  #asked = 0;
  #reading = null;
  #again = false;
  filter = null;
  /** What is shown, newest first. */
  items = [];
  /** What has come since and would move what the reader looks at. */
  fresh = [];
  unread = 0;
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

  /** Shows another part of the inbox. */
  async show(filter) {
    Object.assign(this, { filter, items: [], fresh: [], cursor: null, status: "loading", problem: "", open: null });
    this.#asked += 1;
    this.#reading = null;
    this.changed();
    await this.refresh();
  }

  /** Reads again what is shown; calls that meet share one reading, and one more follows if asked for meanwhile. */
  async refresh() {
    if (this.#reading) {
      this.#again = true;
      return this.#reading;
    }
    const reading = this.#read(this.#asked);
    this.#reading = reading;
    await reading;
    if (this.#reading !== reading) return;
    this.#reading = null;
    if (this.#again) {
      this.#again = false;
      await this.refresh();
    }
  }

  /** The next older ones; false when that failed. */
  async more() {
    const { cursor } = this;
    if (!cursor) return true;
    const asked = this.#asked;
    try {
      const page = await this.#api.get(this.#path(PAGE, cursor));
      if (asked !== this.#asked || cursor !== this.cursor) return true;
      this.#take([...this.items, ...page.items]);
      this.cursor = page.next_cursor;
      this.problem = "";
    } catch (error) {
      this.problem = explain(error);
    }
    this.changed();
    return !this.problem;
  }

  /** Shows what has come. */
  takeFresh() {
    this.#take([...this.fresh, ...this.items]);
    this.fresh = [];
    this.changed();
  }

  get(id) {
    return this.items.find((item) => item.id === id);
  }

  /** One as it now is: changed in its place, or gone from it. */
  put(item) {
    const stays = this.#stays(item);
    this.fresh = this.fresh.filter((one) => one.id !== item.id || this.#belongs(item)).map((one) => (one.id === item.id ? item : one));
    if (!stays) this.#remove([item.id]);
    else if (this.get(item.id)) this.items = this.items.map((one) => (one.id === item.id ? item : one));
    else if (!this.fresh.some((one) => one.id === item.id)) this.#place(item);
    this.changed();
  }

  drop(ids) {
    this.#remove(ids);
    this.changed();
  }

  /** Opens one, or with null closes what is open; what was open only by that leaves. */
  unfold(id) {
    const before = this.open && this.get(this.open);
    this.open = id;
    if (before && !this.#belongs(before)) this.items = this.items.filter((one) => one !== before);
    this.changed();
  }

  /** A live frame. */
  hear(frame) {
    const { type, version, notification } = frame;
    if (!this.filter || type === "announcement" || !Number.isInteger(version) || version <= this.#version) return;
    const misses = type === "ready" || type === "unread_count" || version > this.#version + 1;
    const isUnknown = this.filter.q && notification && !this.get(notification.id);
    if (misses || this.#reading || isUnknown) {
      void this.refresh();
      return;
    }
    this.#version = version;
    this.unread = frame.unread_count;
    if (type === "notification_deleted") this.drop([frame.id]);
    else if (notification) this.put(notification);
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  #belongs(item) {
    const { status, category, priority } = this.filter;
    return Boolean(STATUS[status](item) && (!category || item.category === category) && (!priority || item.priority === priority));
  }

  #stays(item) {
    const isOpen = item.id === this.open && ["unread", "read"].includes(this.filter.status);
    return this.#belongs(item) || (isOpen && Boolean(STATUS.all(item)));
  }

  #remove(ids) {
    const gone = new Set(ids);
    this.items = this.items.filter((one) => !gone.has(one.id));
    this.fresh = this.fresh.filter((one) => !gone.has(one.id));
    if (gone.has(this.open)) this.open = null;
  }

  /** Where an item that was not here comes to stand. Older than all that is shown: it comes by scrolling. */
  #place(item) {
    const isNewest = !this.items.length || newestFirst(item, this.items[0]) < 0;
    if (isNewest && this.isBusy()) this.fresh = [item, ...this.fresh];
    else if (!this.cursor || newestFirst(item, this.items.at(-1)) < 0) this.#take([...this.items, item]);
  }

  #take(items) {
    this.items = [...new Map(items.map((item) => [item.id, item])).values()].sort(newestFirst);
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
    let page;
    try {
      do {
        page = await this.#api.get(this.#path(Math.min(LARGEST_PAGE, wanted - found.length), page?.next_cursor));
        found.push(...page.items);
      } while (page.next_cursor && found.length < wanted);
      await this.#keepOpen(found);
      if (asked !== this.#asked) return;
      this.#settle(found);
      Object.assign(this, { cursor: page.next_cursor, unread: page.unread_count, status: "ready", problem: "" });
      this.#version = page.version;
    } catch (error) {
      if (asked !== this.#asked) return;
      if (this.status !== "ready") this.status = "error";
      this.problem = explain(error);
    }
    this.changed();
  }

  async #keepOpen(found) {
    if (!this.open || found.some(({ id }) => id === this.open)) return;
    const item = await this.#api.get(`/v1/notifications/${encodeURIComponent(this.open)}`).catch(() => null);
    if (item && this.#stays(item)) found.push(item);
    else this.open = null;
  }

  #settle(found) {
    const [top] = this.items;
    const isFresh = (item) => top && !this.get(item.id) && newestFirst(item, top) < 0;
    this.fresh = this.isBusy() ? found.filter(isFresh) : [];
    const held = new Set(this.fresh.map(({ id }) => id));
    this.#take(found.filter(({ id }) => !held.has(id)));
  }
}
