/** The list in the panel: its rows, which of them the keyboard is on, and what stands there while there are none. */

import { arrange, h } from "./dom.js";
import { row } from "./row.js";
import { bones, failure, nothing, refresh } from "./view.js";

const AHEAD = "0px 0px 240px 0px";

export class List {
  #does;
  #inbox = null;
  #feed = null;
  #say = null;
  #active = null;
  #rows = new Map();
  #isLoading = false;
  #near;
  #list = h("ul", { role: "list" });
  #instead = h("div", {}, bones());
  #more = h("button", { class: "more", part: "more", type: "button", hidden: true });
  element = h(
    "div",
    { id: "list", class: "scroll", part: "list", role: "tabpanel", "aria-labelledby": "tab-all" },
    this.#list, this.#more, this.#instead,
  );

  /** @param {object} does what rows tell (see `row`), and `loaded(n)` */
  constructor(does) {
    this.#does = does;
    this.#more.addEventListener("click", () => void this.#load(true));
    this.#near = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && this.#load(false), {
      root: this.element, rootMargin: AHEAD,
    });
    this.#near.observe(this.#more);
  }

  get rows() {
    return [...this.#list.children];
  }

  /** The notification of the row that has the focus. */
  get current() {
    const id = this.#focused()?.closest("li")?.dataset.id;
    return id ? this.#feed.items.find((item) => item.id === id) : undefined;
  }

  /** Gives the focus to the row of a notification, else to the first; false when there is none. */
  focus(id) {
    const rows = this.rows;
    const at = Math.max(0, rows.findIndex((one) => one.dataset.id === id));
    this.#focusRow(at);
    return rows.length > 0;
  }

  /** The next opening begins at the first row again. */
  forget() {
    this.#active = null;
    this.element.scrollTop = 0;
  }

  /** Forgets whose list it was; whether another is expected. */
  clear(isExpected = true) {
    this.#rows.clear();
    this.#list.replaceChildren();
    this.#instead.replaceChildren(...(isExpected ? [bones()] : []));
    this.#more.hidden = true;
    this.#feed = null;
  }

  /**
   * @param {import("./inbox.js").Inbox} inbox
   * @param {"all"|"unread"} which
   * @param {import("./view.js").Say} say
   */
  draw(inbox, which, say) {
    if (this.#say?.lang !== say.lang) this.#rows.clear();
    this.#inbox = inbox;
    this.#feed = inbox.feed(which);
    this.#say = say;
    const focused = this.#focused();
    const held = focused?.closest("li");
    const at = held ? this.rows.indexOf(held) : -1;
    this.#fill(which);
    if (focused && (!focused.isConnected || !focused.checkVisibility())) this.#regain(held, at, focused.dataset.act);
    this.#rove();
  }

  /** Brings the times up to date. */
  tick() {
    if (this.#say) refresh(this.#list, this.#say);
  }

  /** Moves from row to row; true when the key was one of ours. */
  key(event) {
    const rows = this.rows;
    const at = rows.indexOf(this.#focused()?.closest("li"));
    const to = { ArrowDown: at + 1, ArrowUp: Math.max(0, at - 1), Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined || !rows.length) return false;
    event.preventDefault();
    if (to === rows.length && this.#feed.cursor) void this.#load(true);
    else this.#focusRow(Math.min(to, rows.length - 1));
    return true;
  }

  #fill(which) {
    const { status, problem, cursor } = this.#feed;
    const items = this.#feed.items;
    const rows = items.map((item) => this.#row(item));
    const shown = new Set(items.map(({ id }) => id));
    for (const id of this.#rows.keys()) if (!shown.has(id)) this.#rows.delete(id);
    arrange(this.#list, rows);
    refresh(this.#list, this.#say);
    this.#more.textContent = this.#say.t("older");
    this.#more.hidden = !cursor || status !== "ready";
    const instead = { loading: bones, error: () => failure(problem, this.#say, () => void this.#inbox.retry()) }[status];
    const empty = rows.length || cursor ? null : () => nothing(which, this.#say);
    this.#instead.replaceChildren(...[(instead ?? empty)?.()].filter(Boolean));
    this.#list.hidden = !rows.length;
    this.element.setAttribute("aria-labelledby", `tab-${which}`);
  }

  /** The row of a notification: the one that is there, unless it tells something else by now. */
  #row(item) {
    const state = JSON.stringify(item);
    const known = this.#rows.get(item.id);
    if (known?.state === state) return known.element;
    const element = row(item, this.#say, this.#does);
    this.#rows.set(item.id, { state, element });
    return element;
  }

  #focused() {
    const focused = this.element.getRootNode().activeElement;
    return this.element.contains(focused) ? focused : null;
  }

  /** What had the focus is gone: its like in the same row has it now, else the row that has taken its place. */
  #regain(held, at, act) {
    const rows = this.rows;
    const again = held && rows.find((one) => one.dataset.id === held.dataset.id);
    const same = again && act && again.querySelector(`[data-act="${act}"]`);
    const next = again ?? rows[Math.min(Math.max(0, at), rows.length - 1)];
    (same ?? next?.querySelector(".open") ?? this.element.closest("[tabindex]")).focus({ preventScroll: Boolean(again) });
    if (next) this.#active = next.dataset.id;
  }

  async #load(byHand) {
    if (this.#isLoading || !this.#feed?.cursor || (this.#feed.problem && !byHand)) return;
    this.#isLoading = true;
    this.element.ariaBusy = "true";
    const before = this.rows.length;
    await this.#inbox.more(this.#feed.which);
    this.#isLoading = false;
    this.element.ariaBusy = "false";
    const added = this.rows.length - before;
    if (added > 0) this.#does.loaded(added);
    if (byHand) this.#focusRow(Math.min(before, this.rows.length - 1));
    // Observed anew, it says again whether the end is near.
    this.#near.unobserve(this.#more);
    this.#near.observe(this.#more);
  }

  #focusRow(at) {
    const one = this.rows[at];
    if (!one) return;
    this.#active = one.dataset.id;
    this.#rove();
    one.querySelector(".open").focus({ preventScroll: false });
  }

  /** One row is in the order of the Tab key. */
  #rove() {
    const rows = this.rows;
    const active = rows.find((one) => one.dataset.id === this.#active) ?? rows[0];
    for (const one of rows) {
      for (const control of one.querySelectorAll("a, button")) control.tabIndex = one === active ? 0 : -1;
    }
  }
}
