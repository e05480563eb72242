/** How somebody was told of one notification: what became of it by each channel, and when; read when it is opened. */

import { h } from "/bell/dom.js";
import { moment } from "../pages/time.js";
import { explain, name, t } from "../pages/words.js";

const STAGES = ["sent", "delivered", "opened", "clicked"];
const when = (iso) => h("time", { datetime: iso }, moment(iso));

/** What is known of one channel: how far it came, step by step, or why it did not. */
function fate(told) {
  const { outcome, reason, detail } = told;
  const stages = STAGES.includes(outcome) ? STAGES.filter((stage) => told[`${stage}_at`]) : [];
  if (stages.length) return stages.map((stage) => h("span", {}, `${name("outcome", stage)}: `, when(told[`${stage}_at`])));
  const why = [reason && name("why", reason), detail].filter(Boolean).join(", ");
  return [h("span", {}, `${name("outcome", outcome)}${why ? ` (${why})` : ""}: `, when(told.due_at && outcome === "deferred" ? told.due_at : told.at))];
}

export class Story {
  #api;
  #id;
  #body = h("div", { role: "status" });
  element = h("details", { class: "story", on: { toggle: () => this.element.open && void this.#read() } }, h("summary", {}, t("story.title")), this.#body);

  constructor(api, id) {
    this.#api = api;
    this.#id = id;
  }

  async #read() {
    if (!this.#body.hasChildNodes()) this.#body.append(h("p", {}, t("loading")));
    try {
      const { items } = await this.#api.get(`/v1/notifications/${encodeURIComponent(this.#id)}/deliveries`);
      const lines = items.flatMap((told) => [h("dt", {}, name("channel", told.channel)), h("dd", {}, ...fate(told))]);
      this.#body.replaceChildren(lines.length ? h("dl", { class: "detail" }, ...lines) : h("p", {}, t("story.none")));
    } catch (error) {
      this.#body.replaceChildren(h("p", {}, explain(error)));
    }
  }
}
