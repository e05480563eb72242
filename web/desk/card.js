/** One thing of the list: its time, its state, what can be done with it, and its timeline. */

import { h, icon } from "/bell/dom.js";
import { absolute } from "/bell/format.js";
import { actions } from "./actions.js";
import { busy } from "./api.js";
import { dueOf, kindOf, titleOf } from "./kinds.js";
import { timeline } from "./timeline.js";
import * as words from "./words.js";

export class Card {
  #desk;
  #drawn = "";
  item;

  /** @param {import("./work.js").Work} desk */
  constructor(item, desk) {
    this.#desk = desk;
    const id = `${item.kind}-${item.id}`;
    this.day = h("span", { class: "day" });
    this.time = h("time", { class: "time" });
    this.away = h("span", { class: "away muted" });
    this.title = h("h3", { dir: "auto" });
    this.about = h("p", { class: "muted", dir: "auto" });
    this.state = h("span", { class: "state-chip" });
    this.next = h("span", { class: "next" });
    this.problem = h("p", { class: "field-error", role: "alert" });
    this.steps = h("div", { class: "steps", id: `steps-${id}`, hidden: true });
    this.toggle = h(
      "button",
      { class: "ghost toggle", type: "button", "aria-expanded": "false", "aria-controls": this.steps.id, on: { click: () => void this.expand(!this.isOpen) } },
      h("span", {}, "Timeline"), icon("chevron"),
    );
    this.actions = h("div", { class: "actions" });
    this.element = h(
      "article",
      { class: "card", id: `card-${id}`, tabindex: "-1", data: { kind: item.kind } },
      h("div", { class: "when" }, this.day, this.time, this.away),
      h("div", { class: "what" }, h("div", { class: "what-head" }, icon(kindOf(item).icon), this.title, this.state), this.about, this.next),
      this.actions, this.problem, this.steps,
    );
    this.update(item);
  }

  get isOpen() {
    return !this.steps.hidden;
  }

  update(item) {
    this.item = item;
    const { entity, state, acknowledged_by: by } = item;
    const drawn = JSON.stringify([entity, state, by]);
    if (drawn !== this.#drawn) {
      this.#drawn = drawn;
      this.title.textContent = titleOf(item);
      this.about.textContent = words.about(item);
      this.state.textContent = words.state(item);
      this.element.dataset.state = state;
      const due = entity[kindOf(item).due];
      this.time.dateTime = due ?? "";
      this.time.title = due ? absolute(due) : "";
      this.#drawActions();
    }
    this.tick();
    if (this.isOpen) void this.#readSteps();
  }

  /** Draws what depends on the clock; whether a step of its has come due. */
  tick(now = Date.now()) {
    const due = dueOf(this.item);
    const at = due === null ? { day: kindOf(this.item).undated ?? "", time: "" } : words.local(due, { now: new Date(now) });
    const left = (due - now) / 1000;
    const next = this.item.next_step_at ? (Date.parse(this.item.next_step_at) - now) / 1000 : null;
    const shown = {
      ...at,
      away: due === null ? "" : left > 0 ? `in ${words.span(left)}` : `${words.span(-left)} ago`,
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
      this.steps.replaceChildren(timeline(await this.#desk.detail(this.item)));
    } catch (error) {
      this.steps.replaceChildren(h("p", { class: "field-error" }, error.message));
    }
  }

  #drawActions() {
    const { me, tells, people } = this.#desk;
    const can = {
      me, tells, people,
      run: (button, work) => this.#run(button, work),
      tell: (item, event, data) => this.#desk.tell(item.kind, event, data),
      act: (item, verb, body) => this.#desk.act(item, verb, body),
    };
    this.actions.replaceChildren(...actions(this.item, can), this.toggle);
  }

  async #run(button, work) {
    this.problem.textContent = "";
    try {
      await busy(button, work);
    } catch (error) {
      this.problem.textContent = [error.message, ...(error.fields?.values() ?? [])].join(" ");
    }
    // A button that was disabled, or is there no more, has lost the focus.
    if (document.activeElement === document.body) (button.isConnected ? button : this.element).focus({ preventScroll: true });
  }
}
