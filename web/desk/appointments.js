/** The list of appointments: read from the API, kept in order of their start, kept true while time passes. */

import { h, icon } from "/bell/dom.js";
import { Card } from "./card.js";

const MOST = 500;
// After an event was accepted its workflow works for a moment; a live frame usually comes first.
const LOOK_AGAIN = [150, 600, 1_500, 4_000];

export class Appointments {
  #api;
  #root;
  #alert;
  #cards = new Map();
  #items = [];
  #show = "active";
  #reading = null;
  #due = false;

  constructor(api, root, alert) {
    this.#api = api;
    this.#root = root;
    this.#alert = alert;
    setInterval(() => this.#tick(), 1_000);
    document.addEventListener("visibilitychange", () => document.hidden || void this.refresh());
  }

  set show(which) {
    this.#show = which;
    this.#draw();
  }

  /** Sends one event with the whole snapshot in `data`; raises Problem. */
  async send(type, data) {
    const event = { specversion: "1.0", id: newId(), source: "desk", type, time: new Date().toISOString(), data };
    await this.#api.post("/v1/events", event);
    this.refreshSoon();
  }

  detail(id) {
    return this.#api.get(`/v1/entities/appointment/${encodeURIComponent(id)}`);
  }

  refreshSoon() {
    for (const wait of LOOK_AGAIN) setTimeout(() => void this.refresh(), wait);
  }

  async refresh() {
    this.#reading ??= this.#read().finally(() => (this.#reading = null));
    await this.#reading;
  }

  /** Brings one appointment into view and opens its timeline, if it is here. */
  async reveal(id) {
    await this.refresh();
    const item = this.#items.find((one) => one.id === id);
    if (!item) return;
    if (!this.#cards.get(id)?.element.isConnected) {
      document.querySelector('input[name="show"][value="all"]').checked = true;
      this.show = "all";
    }
    const card = this.#cards.get(id);
    card.element.scrollIntoView({ block: "center" });
    card.element.focus({ preventScroll: true });
    await card.expand(true);
  }

  async #read() {
    try {
      const items = [];
      let cursor = null;
      do {
        const after = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
        const page = await this.#api.get(`/v1/entities?kind=appointment&limit=100${after}`);
        items.push(...page.items);
        cursor = page.next_cursor;
      } while (cursor && items.length < MOST);
      this.#items = items.filter((item) => item.entity?.starts_at);
      this.#alert.hidden = true;
      this.#draw();
    } catch (error) {
      this.#alert.textContent = error.message;
      this.#alert.hidden = false;
    }
    this.#root.setAttribute("aria-busy", "false");
  }

  #draw() {
    const shown = this.#items.filter((item) => this.#show === "all" || (item.state === "closed") === (this.#show === "closed"));
    const start = (item) => Date.parse(item.entity.starts_at);
    shown.sort((a, b) => (this.#show === "closed" ? start(b) - start(a) : start(a) - start(b)) || (a.id < b.id ? -1 : 1));
    const cards = shown.map((item) => this.#card(item));
    for (const id of this.#cards.keys()) if (!this.#items.some((item) => item.id === id)) this.#cards.delete(id);
    const elements = cards.length ? cards.map((card) => card.element) : [this.#empty()];
    // Moving an element takes the focus and closes menus, so what stands right stays.
    const same = elements.length === this.#root.children.length && elements.every((one, n) => one === this.#root.children[n]);
    if (!same) {
      const held = this.#root.contains(document.activeElement) ? document.activeElement : null;
      this.#root.replaceChildren(...elements);
      held?.focus({ preventScroll: true });
    }
  }

  #card(item) {
    const known = this.#cards.get(item.id);
    if (known) {
      known.update(item);
      return known;
    }
    const card = new Card(item, this);
    this.#cards.set(item.id, card);
    return card;
  }

  #empty() {
    const [title, text] = {
      active: ["No appointments ahead", "Create one that starts in a minute and watch its reminders arrive."],
      closed: ["Nothing is closed yet", "Completed and cancelled appointments are kept here."],
      all: ["No appointments yet", "Create one that starts in a minute and watch its reminders arrive."],
    }[this.#show];
    return h("div", { class: "empty" }, icon("calendar"), h("strong", {}, title), h("p", { class: "muted" }, text));
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

/** A fresh id; `crypto.randomUUID` exists in secure contexts only. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
