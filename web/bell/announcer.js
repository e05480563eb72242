/** What screen readers are told: briefly, several arrivals in one sentence, and not more often than one can listen. */

import { h } from "./dom.js";

const GATHERS = 600;
const BETWEEN = 4_000;
const NAMED = 3;

/** Titles in one line, the newest first: `A; B; C and 4 more`. */
export function titles(items, n, { t }) {
  const named = items.slice(-NAMED).reverse().map(({ title }) => title).join("; ");
  const others = n - Math.min(items.length, NAMED);
  return others > 0 ? t("rest", { titles: named, n: others }) : named;
}

/** Gathers what comes, and hands it on together: at the earliest after `gathers`, and not more often than every few seconds. */
class Batch {
  #gathers;
  #tell;
  #items = [];
  #more = 0;
  #timer = 0;
  #last = -Infinity;

  /** @param {number} gathers in ms @param {(items: object[], n: number) => void} tell */
  constructor(gathers, tell) {
    this.#gathers = gathers;
    this.#tell = tell;
  }

  add(items, more = 0) {
    if (!items.length) return;
    this.#items.push(...items);
    this.#more += more;
    if (this.#timer) return;
    const wait = Math.max(this.#gathers, this.#last + BETWEEN - performance.now());
    if (wait > 0) this.#timer = setTimeout(() => this.#flush(), wait);
    else this.#flush();
  }

  #flush() {
    const items = this.#items;
    const n = items.length + this.#more;
    this.#items = [];
    this.#more = 0;
    this.#timer = 0;
    this.#last = performance.now();
    this.#tell(items, n);
  }
}

export class Announcer {
  #say = null;
  #calm = new Batch(GATHERS, (items, n) => this.say(this.#say.t("arrived", { n, titles: titles(items, n, this.#say) })));
  #urgent = new Batch(0, (items, n) => {
    const text = this.#say.t("newUrgent", { titles: titles(items, n, this.#say) });
    this.#assertive.replaceChildren(h("span", {}, text));
  });
  #polite = h("div", { class: "quiet", role: "status" });
  #assertive = h("div", { class: "quiet", role: "alert" });
  /** Both regions have to be in the page before anything is said. */
  elements = [this.#polite, this.#assertive];

  /** Says that something was done. */
  say(text) {
    // A node of its own is told even where its words are the last one's.
    this.#polite.replaceChildren(h("span", {}, text));
  }

  /**
   * Tells of new notifications, soon; of an urgent one without waiting for what is being said.
   * @param {object[]} items
   * @param {number} n how many there are in all
   * @param {import("./view.js").Say} say
   */
  arrived(items, n, say) {
    this.#say = say;
    this.#urgent.add(items.filter(({ priority }) => priority === "urgent"));
    this.#calm.add(items.filter(({ priority }) => priority !== "urgent"), n - items.length);
  }
}
