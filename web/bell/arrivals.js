/** What is new: said to screen readers, and popped up where it is important; each once, until it was snoozed. */

import { Toasts } from "./toasts.js";

const REMEMBERED = 500;

class Once {
  #ids = new Set();

  /** Those of `items` that were not here before. */
  take(items) {
    const fresh = items.filter(({ id }) => !this.#ids.has(id));
    for (const { id } of fresh) this.#ids.add(id);
    for (const id of [...this.#ids].slice(0, -REMEMBERED)) this.#ids.delete(id);
    return fresh;
  }

  forget(id) {
    this.#ids.delete(id);
  }
}

export class Arrivals {
  #announcer;
  #say = null;
  #said = new Once();
  #shown = new Once();

  /**
   * @param {import("./announcer.js").Announcer} announcer
   * @param {object} does see `Toasts`
   */
  constructor(announcer, does) {
    this.#announcer = announcer;
    this.toasts = new Toasts(does);
  }

  /** @param {import("./view.js").Say} say */
  speak(say) {
    this.#say = say;
    this.toasts.speak(say);
  }

  /**
   * @param {object[]} items
   * @param {number} n how many have arrived in all
   * @param {boolean} isListed whether they can be seen in the list already
   */
  arrived(items, n, isListed) {
    this.#tell(items, n);
    const important = this.#shown.take(items.filter(({ priority }) => ["high", "urgent"].includes(priority)));
    if (!isListed && important.length) this.toasts.show(important, n);
  }

  /** Shown whatever its priority, and whether it is in the inbox as well or not. */
  announced(item) {
    this.#tell([item], 1);
    if (this.#shown.take([item]).length) this.toasts.show([item], 1);
  }

  /** What was seen to, on whatever device, pops up no longer. */
  heard({ type, id, notification: item, woken }) {
    if (type === "notification_deleted") this.toasts.settle(id);
    else if (item?.acknowledged_at || item?.read_at || item?.archived_at || item?.snoozed_until) this.toasts.settle(item.id);
    // What slept is told of once more.
    const slept = Array.isArray(woken) ? woken : item?.snoozed_until || woken ? [item.id] : [];
    for (const one of slept) {
      this.#said.forget(one);
      this.#shown.forget(one);
    }
  }

  #tell(items, n) {
    const fresh = this.#said.take(items);
    if (fresh.length) this.#announcer.arrived(fresh, n - items.length + fresh.length, this.#say);
  }
}
