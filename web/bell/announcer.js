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

export class Announcer {
  #waiting = [];
  #more = 0;
  #timer = 0;
  #last = -Infinity;
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
   * Tells of new notifications, soon; of urgent ones without waiting for what is being said.
   * @param {object[]} items
   * @param {number} n how many there are in all
   * @param {import("./view.js").Say} say
   */
  arrived(items, n, say) {
    const urgent = items.filter(({ priority }) => priority === "urgent");
    if (urgent.length) {
      const text = say.t("newUrgent", { titles: titles(urgent, urgent.length, say) });
      this.#assertive.replaceChildren(h("span", {}, text));
    }
    const calm = items.filter(({ priority }) => priority !== "urgent");
    this.#waiting.push(...calm);
    this.#more += n - items.length;
    if (!this.#waiting.length || this.#timer) return;
    const wait = Math.max(GATHERS, this.#last + BETWEEN - performance.now());
    this.#timer = setTimeout(() => this.#tell(say), wait);
  }

  #tell(say) {
    const n = this.#waiting.length + this.#more;
    this.say(say.t("arrived", { n, titles: titles(this.#waiting, n, say) }));
    this.#waiting = [];
    this.#more = 0;
    this.#timer = 0;
    this.#last = performance.now();
  }
}
