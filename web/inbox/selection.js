/** Which of the shown are chosen. */

/** Fires `change`. */
export class Selection extends EventTarget {
  ids = new Set();
  #last = null;

  /**
   * Chooses one or takes it back.
   * @param {string} id
   * @param {{shown: string[], isRange: boolean}} how a range goes from the last one to this
   */
  toggle(id, { shown, isRange }) {
    const on = !this.ids.has(id);
    const from = isRange && this.#last ? shown.indexOf(this.#last) : -1;
    const to = shown.indexOf(id);
    const range = from < 0 ? [id] : shown.slice(Math.min(from, to), Math.max(from, to) + 1);
    for (const one of range) this.#set(one, on);
    this.#last = id;
    this.#changed();
  }

  /** Chooses all of them; none when all were chosen. */
  all(shown) {
    const on = !shown.every((id) => this.ids.has(id));
    for (const id of shown) this.#set(id, on);
    this.#changed();
  }

  clear() {
    this.ids.clear();
    this.#last = null;
    this.#changed();
  }

  /** Forgets what is not shown any more: nothing is done to what one does not see. */
  keep(shown) {
    const seen = new Set(shown);
    for (const id of this.ids) if (!seen.has(id)) this.ids.delete(id);
  }

  #set(id, on) {
    if (on) this.ids.add(id);
    else this.ids.delete(id);
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
