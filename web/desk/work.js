/** The list of all work: read from the API, kept in order of its instants, kept true while time passes. */

import { h, icon } from "/bell/dom.js";
import { newId } from "./api.js";
import { Card } from "./card.js";
import { dueOf, KINDS } from "./kinds.js";

const MOST = 500;
// After an event was accepted its workflow works for a moment; a live frame usually comes first.
const LOOK_AGAIN = [150, 600, 1_500, 4_000];
const key = ({ kind, id }) => `${kind}/${id}`;

export class Work {
  #api;
  #root;
  #alert;
  #cards = new Map();
  #items = [];
  #isCut = false;
  #show = "active";
  #kind = "";
  #reading = null;
  #again = false;
  #due = false;
  /** Whom things can be given to. */
  people = [];

  /** @param {{sub: string, role: string}} me */
  constructor(api, root, alert, me) {
    this.#api = api;
    this.#root = root;
    this.#alert = alert;
    this.me = me.sub;
    /** Whether this user may say what has become of things; the others may only act. */
    this.tells = me.role !== "user";
    setInterval(() => this.#tick(), 1_000);
    document.addEventListener("visibilitychange", () => document.hidden || void this.refresh());
  }

  /** `active`, `closed` or `all`. */
  set show(which) {
    this.#show = which;
    this.#draw();
  }

  /** One kind, or "" for all. */
  set kind(name) {
    this.#kind = name;
    this.#draw();
    void this.refresh();
  }

  /** Sends one event with the whole snapshot in `data`; raises Problem. */
  async tell(kind, event, data) {
    const type = `${kind}.${event}`;
    await this.#api.post("/v1/events", { specversion: "1.0", id: newId(), source: "desk", type, time: new Date().toISOString(), data });
    this.refreshSoon();
  }

  /** Acknowledges, snoozes or reminds; raises Problem. */
  async act({ kind, id }, verb, body) {
    try {
      const now = await this.#api.post(`/v1/entities/${kind}/${encodeURIComponent(id)}/${verb}`, body);
      this.#items = this.#items.map((item) => (item.kind === kind && item.id === id ? { ...item, ...now } : item));
      this.#draw();
    } finally {
      this.refreshSoon();
    }
  }

  detail({ kind, id }) {
    return this.#api.get(`/v1/entities/${kind}/${encodeURIComponent(id)}`);
  }

  refreshSoon() {
    for (const wait of LOOK_AGAIN) setTimeout(() => void this.refresh(), wait);
  }

  /** Reads the list; whoever asks while it is read gets one that was read after that. */
  async refresh() {
    this.#again = Boolean(this.#reading);
    this.#reading ??= this.#readAll().finally(() => (this.#reading = null));
    await this.#reading;
  }

  async #readAll() {
    do {
      this.#again = false;
      await this.#read(this.#kind);
    } while (this.#again);
  }

  /** Brings one into view and opens its timeline, if it is here. */
  async reveal(kind, id) {
    await this.refresh();
    const name = key({ kind, id });
    if (!this.#items.some((item) => key(item) === name)) return;
    if (!this.#cards.get(name)?.element.isConnected) {
      for (const [group, value] of [["show", "all"], ["kind", ""]]) {
        document.querySelector(`input[name="${group}"][value="${value}"]`).checked = true;
      }
      this.#kind = "";
      this.show = "all";
    }
    const card = this.#cards.get(name);
    card.element.scrollIntoView({ block: "center" });
    card.element.focus({ preventScroll: true });
    await card.expand(true);
  }

  async #read(kind) {
    try {
      const items = [];
      let cursor = null;
      do {
        const query = new URLSearchParams({ limit: 100, ...(kind && { kind }), ...(cursor && { cursor }) });
        const page = await this.#api.get(`/v1/entities?${query}`);
        items.push(...page.items);
        cursor = page.next_cursor;
      } while (cursor && items.length < MOST);
      const others = kind ? this.#items.filter((item) => item.kind !== kind) : [];
      this.#items = [...others, ...items.filter((item) => item.kind in KINDS && item.entity)];
      this.#isCut = Boolean(cursor);
      this.#alert.hidden = true;
      this.#draw();
    } catch (error) {
      this.#alert.textContent = error.message;
      this.#alert.hidden = false;
    }
    this.#root.setAttribute("aria-busy", "false");
  }

  #draw() {
    const isShown = ({ kind, state }) =>
      (!this.#kind || kind === this.#kind) && (this.#show === "all" || (state === "closed") === (this.#show === "closed"));
    const due = (item) => dueOf(item) ?? Infinity;
    const back = this.#show === "closed" ? -1 : 1;
    const shown = this.#items.filter(isShown);
    shown.sort((a, b) => (due(a) === due(b) ? (key(a) < key(b) ? -1 : 1) : due(a) < due(b) ? -back : back));
    const known = new Set(this.#items.map(key));
    for (const name of this.#cards.keys()) if (!known.has(name)) this.#cards.delete(name);
    const elements = shown.map((item) => this.#card(item).element);
    if (!elements.length) elements.push(this.#empty());
    if (this.#isCut) elements.push(h("p", { class: "muted small" }, `These are the first ${MOST}${this.#kind ? "" : "; choose a kind to see more of it"}.`));
    // Moving an element takes the focus and closes menus, so what stands right stays.
    const same = elements.length === this.#root.children.length && elements.every((one, n) => one === this.#root.children[n]);
    if (!same) {
      const held = this.#root.contains(document.activeElement) ? document.activeElement : null;
      this.#root.replaceChildren(...elements);
      held?.focus({ preventScroll: true });
    }
  }

  #card(item) {
    const known = this.#cards.get(key(item));
    if (known) {
      if (known.item !== item) known.update(item);
      return known;
    }
    const card = new Card(item, this);
    this.#cards.set(key(item), card);
    return card;
  }

  #empty() {
    const kind = KINDS[this.#kind];
    const many = kind ? kind.many.toLowerCase() : "work";
    const start = ["Create something that is due in a minute and watch its reminders arrive.", kind?.icon ?? "calendar"];
    const [title, text, drawing] = {
      active: [`No ${many} ahead`, ...start],
      closed: ["Nothing is closed yet", "What is completed or cancelled is kept here.", start[1]],
      all: [`No ${many} yet`, ...start],
    }[this.#show];
    return h("div", { class: "empty" }, icon(drawing), h("strong", {}, title), h("p", { class: "muted" }, text));
  }

  #tick() {
    const now = Date.now();
    let due = false;
    for (const card of this.#cards.values()) due = card.tick(now) || due;
    // A step that has just come due is about to change; one that stays due is looked at by and by.
    if (due && (!this.#due || now % 5_000 < 1_000)) void this.refresh();
    this.#due = due;
  }
}
