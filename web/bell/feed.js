/** One list of the server, as far down as it was read. */

import { HOLDS, place } from "./store.js";

const PAGE = 20;
const LARGEST_PAGE = 100;
/** So many are read again at most; what is below comes again by scrolling. */
const MOST_READ_AGAIN = 500;

export class Feed {
  #client;
  #store;
  #horizon = "";
  cursor = null;
  /** `loading`, `ready` or `error`; after the first success it stays `ready`. */
  status = "loading";
  /** @type {import("./client.js").Refused|null} why the last reading failed */
  problem = null;

  /**
   * @param {import("./client.js").Client} client
   * @param {import("./store.js").Store} store
   * @param {"all"|"unread"} which
   */
  constructor(client, store, which) {
    this.#client = client;
    this.#store = store;
    this.which = which;
  }

  /** What it shows, the newest first. */
  get items() {
    return this.status === "ready" ? this.#store.list(HOLDS[this.which], this.#horizon) : [];
  }

  /** Reads again about as far down as it was read before; the first page's answer, or null when it failed. */
  async read() {
    const wanted = Math.min(MOST_READ_AGAIN, Math.max(PAGE, this.items.length));
    try {
      const first = await this.#page(Math.min(LARGEST_PAGE, wanted), null);
      const items = [...first.items];
      let cursor = first.next_cursor;
      while (cursor && items.length < wanted) {
        const next = await this.#page(LARGEST_PAGE, cursor);
        items.push(...next.items);
        cursor = next.next_cursor;
      }
      this.#reached(items, cursor);
      this.#store.replace(HOLDS[this.which], items, this.#horizon);
      this.status = "ready";
      this.problem = null;
      return first;
    } catch (error) {
      if (this.status !== "ready") this.status = "error";
      this.problem = error;
      return null;
    }
  }

  /** Reads on. */
  async more() {
    try {
      const { items, next_cursor: cursor } = await this.#page(PAGE, this.cursor);
      for (const item of items) this.#store.put(item);
      this.#reached(items, cursor);
      this.problem = null;
    } catch (error) {
      this.problem = error;
    }
  }

  #reached(items, cursor) {
    this.cursor = cursor;
    // At the end of the list everything older belongs to it.
    this.#horizon = cursor && items.length ? place(items.at(-1)) : "";
  }

  #page(limit, cursor) {
    const query = new URLSearchParams({ status: this.which, limit: String(limit), ...(cursor && { cursor }) });
    return this.#client.call("GET", `notifications?${query}`);
  }
}
