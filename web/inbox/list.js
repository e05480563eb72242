/** The list as it is drawn: rows come, change and go, and what has the focus keeps it. */

import { Row } from "./row.js";

const CLOCK = 60_000;
/** What has a click of its own. */
const CONTROLS = "a, button, input, label, dl, details";

/** Fires `act` (detail: `{act, item, event}`) for what is done with a row. */
export class List extends EventTarget {
  #element;
  #api;
  #rows = new Map();

  constructor(element, api) {
    super();
    this.#element = element;
    this.#api = api;
    element.addEventListener("click", (event) => this.#click(event));
    setInterval(() => this.#rows.forEach((row) => row.tick()), CLOCK);
  }

  /** @param {Items} items @param {Set<string>} selected */
  draw(items, selected) {
    const shown = items.items;
    const place = this.#placeOfFocus();
    const wanted = new Set(shown.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (wanted.has(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    shown.forEach((item, at) => {
      const row = this.#rows.get(item.id) ?? new Row(this.#api);
      this.#rows.set(item.id, row);
      row.draw(item, { isOpen: item.id === items.open, isSelected: selected.has(item.id) });
      if (this.#element.children[at] !== row.element) this.#element.insertBefore(row.element, this.#element.children[at] ?? null);
    });
    if (place && !this.#element.contains(document.activeElement)) this.#focus(Math.min(place.at, shown.length - 1));
    if (place && !shown.length) this.#element.closest("main").focus({ preventScroll: true });
  }

  /** The item that has the focus, or null. */
  get current() {
    const element = document.activeElement?.closest?.("#items > li");
    return element ? this.#rows.get(element.dataset.id).item : null;
  }

  /** Moves the focus by rows; into the list when it is elsewhere. */
  move(by) {
    const at = this.#placeOfFocus()?.at ?? (by > 0 ? -1 : this.#element.children.length);
    this.#focus(Math.max(0, Math.min(this.#element.children.length - 1, at + by)));
  }

  has(id) {
    return this.#rows.has(id);
  }

  /** Gives the focus to one; to the whole, where it is not shown. */
  focus(id) {
    (this.#rows.get(id)?.title ?? this.#element.closest("main")).focus();
  }

  #focus(at) {
    const element = this.#element.children[at];
    if (!element) return;
    const { title } = this.#rows.get(element.dataset.id);
    title.focus({ preventScroll: true });
    element.scrollIntoView({ block: "nearest" });
  }

  #placeOfFocus() {
    const element = document.activeElement?.closest?.("#items > li");
    return element ? { at: [...this.#element.children].indexOf(element) } : null;
  }

  #click(event) {
    const element = event.target.closest("li");
    if (!element) return;
    const act = event.target.closest("[data-act]")?.dataset.act ?? (event.target.closest(CONTROLS) ? null : "open");
    // Whoever has marked some words does not want to open.
    if (!act || (act === "open" && String(getSelection()))) return;
    this.dispatchEvent(new CustomEvent("act", { detail: { act, item: this.#rows.get(element.dataset.id).item, event } }));
  }
}
