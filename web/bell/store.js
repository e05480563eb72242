/** The notifications that this page knows: as the server has them, and as they look with what is on its way to it. */

const isListed = (item) => !item.archived_at && !item.snoozed_until;

/** Whether a notification is counted as unread. */
export const isUnread = (item) => isListed(item) && !item.read_at;

/** Whether a list of the server holds a notification. */
export const HOLDS = { all: isListed, unread: isUnread };

/** Where a notification stands in a list: later ones are greater, as in the server's order, microseconds included. */
export function place({ id, created_at: at }) {
  return `${at.slice(0, 19)}${(/\.(\d+)/.exec(at)?.[1] ?? "").padEnd(6, "0")} ${id}`;
}

/**
 * An act that was shown and is not yet answered: whom it changes (`ids`, or `covers(item)`), the new values, and how
 * the unread count changes where that cannot be seen from the notifications known here.
 * @typedef {{ids?: string[], covers?: (item: object) => boolean, values: object, count?: (n: number) => number}} Act
 */

export class Store {
  #rows = new Map();
  #acts = [];

  /** As the server has it. */
  get(id) {
    return this.#rows.get(id)?.item;
  }

  put(item) {
    this.#rows.set(item.id, { item, place: place(item) });
  }

  drop(id) {
    this.#rows.delete(id);
  }

  clear() {
    this.#rows.clear();
  }

  /**
   * Takes in what a list of the server holds below `above`, else from the newest on, to `horizon`: what it no longer
   * holds there is gone.
   * @param {(item: object) => boolean} holds
   */
  replace(holds, items, horizon, above = null) {
    const listed = new Set(items.map(({ id }) => id));
    const isWithin = (at) => at >= horizon && (above === null || at < above);
    for (const [id, row] of this.#rows) {
      if (isWithin(row.place) && holds(row.item) && !listed.has(id)) this.#rows.delete(id);
    }
    for (const item of items) this.put(item);
  }

  /**
   * Shows an act from now on.
   * @param {Act} act
   */
  begin(act) {
    this.#acts.push(act);
    return act;
  }

  /** The act was answered, or refused: what the server has is shown again. */
  end(act) {
    this.#acts = this.#acts.filter((one) => one !== act);
  }

  /** A notification as it is shown; undefined when it is not known here. */
  shown(id) {
    const item = this.get(id);
    return item && this.#after(item, this.#acts.length);
  }

  /**
   * What a list shows, the newest first, down to `horizon`.
   * @param {(item: object) => boolean} holds
   */
  list(holds, horizon) {
    const rows = [...this.#rows.values()].filter((row) => row.place >= horizon);
    rows.sort((a, b) => (a.place < b.place ? 1 : -1));
    return rows.map(({ item }) => this.#after(item, this.#acts.length)).filter(holds);
  }

  /** The unread count that is shown while the server's is `count`. */
  count(count) {
    let n = count;
    for (const [at, act] of this.#acts.entries()) {
      if (act.count) n = act.count(n);
      else for (const id of act.ids) n += this.#difference(id, at);
    }
    return Math.max(0, n);
  }

  #difference(id, at) {
    const item = this.get(id);
    return item ? Number(isUnread(this.#after(item, at + 1))) - Number(isUnread(this.#after(item, at))) : 0;
  }

  #after(item, acts) {
    let now = item;
    for (const act of this.#acts.slice(0, acts)) {
      if (act.ids ? act.ids.includes(item.id) : act.covers(now)) now = { ...now, ...act.values };
    }
    return now;
  }
}
