/** What people do in their inbox: shown at once, then told to the server, and shown as undone where it refuses. */

import { isUnread } from "./store.js";

const LARGEST_PAGE = 100;
/** Of how many that were read at once that can be undone. */
const MOST_UNDOABLE = 1_000;

const now = () => new Date().toISOString();

/** Every act resolves to null, or to the `Refused` that undid it. */
export class Acts {
  #client;
  #store;
  #inbox;
  #queue = Promise.resolve();
  /** @type {import("./client.js").Refused|null} why the last act was undone */
  problem = null;

  /**
   * @param {import("./client.js").Client} client
   * @param {import("./store.js").Store} store
   * @param {import("./inbox.js").Inbox} inbox
   */
  constructor(client, store, inbox) {
    this.#client = client;
    this.#store = store;
    this.#inbox = inbox;
  }

  async setRead(id, read) {
    const item = this.#store.shown(id);
    if (!item || Boolean(item.read_at) === read) return null;
    return this.#change(id, { read_at: read ? now() : null }, { read });
  }

  /** Reads one that is being opened: told at once, as the page may be left in the next moment. */
  async open(id) {
    const item = this.#store.shown(id);
    if (item?.read_at) return null;
    const act = this.#store.begin({ ids: [id], values: { read_at: now() } });
    return this.#settle(act, () => this.#take("PATCH", id, "", { read: true }, { atOnce: true }));
  }

  archive(id, archived = true) {
    return this.#change(id, { archived_at: archived ? now() : null, snoozed_until: null }, { archived });
  }

  /** @param {string} id @param {Date|null} until null wakes it */
  snooze(id, until) {
    const iso = until?.toISOString() ?? null;
    return this.#change(id, { snoozed_until: iso }, { snoozed_until: iso });
  }

  /** Resolves to `{problem, ids}`: those that were unread, for `unreadAgain`; null where they are too many. */
  async readAll() {
    const known = this.#inbox.items.filter(isUnread).map(({ id }) => id);
    const isComplete = known.length === this.#inbox.unread;
    const act = { covers: isUnread, values: { read_at: now() }, count: () => 0 };
    let ids = null;
    const problem = await this.#inTurn(act, async () => {
      ids = isComplete ? known : await this.#unread();
      await this.#client.call("POST", "notifications/mark-all-read", {});
      await this.#inbox.reload();
    });
    return { problem, ids };
  }

  unreadAgain(ids) {
    const act = { ids, values: { read_at: null }, count: (n) => n + ids.length };
    return this.#inTurn(act, async () => {
      for (let at = 0; at < ids.length; at += LARGEST_PAGE) {
        const some = ids.slice(at, at + LARGEST_PAGE);
        await this.#client.call("POST", "notifications/bulk", { ids: some, action: "unread" });
      }
      await this.#inbox.reload();
    });
  }

  /** Takes what a notification tells of in hand, and reads it. */
  async acknowledge(id) {
    const act = this.#store.begin({ ids: [id], values: { acknowledged_at: now() } });
    const problem = await this.#settle(act, () => this.#take("POST", id, "/acknowledge"));
    return problem ?? this.setRead(id, true);
  }

  #change(id, values, body) {
    return this.#inTurn({ ids: [id], values }, () => this.#take("PATCH", id, "", body));
  }

  /** One after the other, in the order in which people did them. */
  #inTurn(act, work) {
    this.#store.begin(act);
    this.#queue = this.#queue.then(() => this.#settle(act, work));
    this.#inbox.changed();
    return this.#queue;
  }

  async #settle(act, work) {
    this.problem = null;
    this.#inbox.changed();
    try {
      await work();
      if (this.#inbox.connection !== "live") void this.#inbox.reload();
      return null;
    } catch (error) {
      this.problem = error;
      void this.#inbox.reload();
      return error;
    } finally {
      this.#store.end(act);
      this.#inbox.changed();
    }
  }

  /** Does it, and keeps the answer unless a frame has told of the notification meanwhile. */
  async #take(method, id, path, body, how) {
    const before = this.#store.get(id);
    const after = await this.#client.call(method, `notifications/${encodeURIComponent(id)}${path}`, body, how);
    if (before && this.#store.get(id) === before) this.#inbox.keep(before, after);
  }

  async #unread() {
    const ids = [];
    let cursor = null;
    do {
      const query = new URLSearchParams({ status: "unread", limit: String(LARGEST_PAGE), ...(cursor && { cursor }) });
      const page = await this.#client.call("GET", `notifications?${query}`);
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.next_cursor;
    } while (cursor && ids.length < MOST_UNDOABLE);
    return cursor ? null : ids;
  }
}
