/** One appointment of the list: its time, its state, what can be done with it, and its timeline. */

import { h, icon } from "/bell/dom.js";
import { absolute } from "/bell/format.js";
import { busy } from "./api.js";
import { timeline } from "./timeline.js";
import * as words from "./words.js";

const STATES = { open: "Open", overdue: "Overdue", escalated: "Escalated", acknowledged: "Acknowledged", closed: "Closed" };

export class Card {
  #desk;
  #drawn = "";
  item;

  /** @param {{send: Function, detail: Function}} desk sends an event of this appointment, reads its timeline */
  constructor(item, desk) {
    this.#desk = desk;
    this.id = item.id;
    this.day = h("span", { class: "day" });
    this.time = h("time", { class: "time" });
    this.away = h("span", { class: "away muted" });
    this.title = h("h3", { dir: "auto" });
    this.about = h("p", { class: "muted", dir: "auto" });
    this.state = h("span", { class: "state-chip" });
    this.next = h("span", { class: "next" });
    this.problem = h("p", { class: "field-error", role: "alert" });
    this.steps = h("div", { class: "steps", id: `steps-${item.id}`, hidden: true });
    this.toggle = h(
      "button",
      { class: "ghost toggle", type: "button", "aria-expanded": "false", "aria-controls": this.steps.id, on: { click: () => void this.expand(!this.isOpen) } },
      h("span", {}, "Timeline"), icon("chevron"),
    );
    this.actions = h("div", { class: "actions" });
    this.element = h(
      "article",
      { class: "card", id: `card-${item.id}`, tabindex: "-1" },
      h("div", { class: "when" }, this.day, this.time, this.away),
      h("div", { class: "what" }, h("div", { class: "what-head" }, this.title, this.state), this.about, this.next),
      this.actions, this.problem, this.steps,
    );
    this.update(item);
  }

  get isOpen() {
    return !this.steps.hidden;
  }

  get start() {
    return Date.parse(this.item.entity.starts_at);
  }

  update(item) {
    this.item = item;
    const { entity, state } = item;
    const drawn = JSON.stringify([entity, state]);
    if (drawn !== this.#drawn) {
      this.#drawn = drawn;
      this.title.textContent = entity.title;
      const who = entity.assignee_ids?.length ? `assigned to ${entity.assignee_ids.join(", ")}` : "nobody assigned";
      this.about.textContent = [entity.customer_name, who].filter(Boolean).join(" · ");
      this.state.textContent = STATES[state] ?? state;
      this.element.dataset.state = state;
      this.time.dateTime = entity.starts_at;
      this.time.title = absolute(entity.starts_at);
      this.#drawActions(state);
    }
    this.tick();
    if (this.isOpen) void this.#readSteps();
  }

  /** Draws what depends on the clock. */
  tick(now = Date.now()) {
    const { day, time } = words.local(this.item.entity.starts_at, { now: new Date(now) });
    const left = (this.start - now) / 1000;
    const next = this.item.next_step_at ? (Date.parse(this.item.next_step_at) - now) / 1000 : null;
    const shown = {
      day, time,
      away: left > 0 ? `in ${words.span(left)}` : `${words.span(-left)} ago`,
      next: next === null ? "" : next > 0 ? `Next step in ${words.span(next)}` : "Next step is due now",
    };
    for (const [name, text] of Object.entries(shown)) if (this[name].textContent !== text) this[name].textContent = text;
    return next !== null && next <= 0;
  }

  async expand(open) {
    this.steps.hidden = !open;
    this.toggle.setAttribute("aria-expanded", String(open));
    if (open) await this.#readSteps();
  }

  async #readSteps() {
    if (!this.steps.hasChildNodes()) this.steps.append(h("p", { class: "muted" }, "Loading…"));
    try {
      this.steps.replaceChildren(timeline(await this.#desk.detail(this.id)));
    } catch (error) {
      this.steps.replaceChildren(h("p", { class: "field-error" }, error.message));
    }
  }

  #drawActions(state) {
    const closed = state === "closed";
    const act = (label, type, style) => {
      const button = h("button", { class: style, type: "button", "aria-label": `${label}: ${this.item.entity.title}` }, label);
      button.addEventListener("click", () => void this.#send(button, type));
      return button;
    };
    this.actions.replaceChildren(
      this.#mover(closed),
      ...(closed ? [] : [act("Confirm", "confirmed", "ghost"), act("Complete", "completed", "ghost"), act("Cancel", "cancelled", "ghost danger")]),
      this.toggle,
    );
  }

  #mover(closed) {
    const label = closed ? "Schedule again" : "Move";
    const input = h("input", { type: "datetime-local", step: "1", "aria-label": "New start" });
    const menu = h("details", { class: "menu" }, h("summary", { class: "button", "aria-label": `${label}: ${this.item.entity.title}` }, label, icon("chevron")));
    const to = async (button, start) => {
      await this.#send(button, "rescheduled", start);
      menu.open = false;
      menu.querySelector("summary")?.focus();
    };
    const later = (text, ms) => {
      const button = h("button", { type: "button", class: "ghost" }, text);
      // What has begun moves on from now, or it would stay in the past.
      button.addEventListener("click", () => void to(button, new Date(Math.max(this.start, Date.now()) + ms)));
      return button;
    };
    const set = h("button", { type: "button", class: "primary" }, "Move there");
    set.addEventListener("click", () => {
      if (input.value) void to(set, new Date(input.value));
      else input.focus();
    });
    menu.addEventListener("toggle", () => {
      if (menu.open) input.value = words.inputTime(new Date(Math.max(this.start, Date.now() + 60_000)));
    });
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      menu.querySelector("summary").focus();
    });
    menu.append(h("div", { class: "menu-body" }, h("div", { class: "row" }, later("+1 min", 60_000), later("+1 hour", 3_600_000)), input, set));
    return menu;
  }

  async #send(button, type, start = null) {
    this.problem.textContent = "";
    const data = { ...this.item.entity };
    if (start) {
      if (data.ends_at) data.ends_at = new Date(start.getTime() + Date.parse(data.ends_at) - this.start).toISOString();
      data.starts_at = start.toISOString();
    }
    try {
      await busy(button, () => this.#desk.send(`appointment.${type}`, data));
    } catch (error) {
      this.problem.textContent = [error.message, ...(error.fields?.values() ?? [])].join(" ");
    }
  }
}
