/** When appointments remind: the tenant's policy, and a switch to one short enough to watch. */

import { busy } from "./api.js";
import { seconds, span } from "./words.js";

const PATH = "/v1/admin/policies/appointment";

/** Reminders short enough to watch. */
export const SHORT = [{ before: "PT30S" }, { before: "PT10S" }];
const CHOICES = { "policy-demo": SHORT, "policy-usual": [{ before: "PT24H" }, { before: "PT1H" }] };

/** The reminders of the tenant's policy. Fires `change`. */
export class Reminders extends EventTarget {
  #api;
  /** As the policy has them; null until they were read. */
  list = null;

  constructor(api) {
    super();
    this.#api = api;
  }

  /** Reads them; raises Problem. */
  async read() {
    this.list = (await this.#api.get(PATH)).reminders;
    this.dispatchEvent(new Event("change"));
  }

  /** Puts `list` in their place and keeps the rest of the policy; raises Problem. */
  async use(list) {
    const policy = await this.#api.get(PATH);
    await this.#api.put(PATH, { ...policy, reminders: list });
    await this.read();
  }
}

const inWords = ({ before, day_before_at: at }) => (before ? `${span(seconds(before))} before` : `${at} the day before`);

/** The box that shows them, with its two buttons. */
export async function policyControl(reminders, root) {
  const now = root.querySelector("#policy-now");
  const problem = root.querySelector("#policy-error");
  const button = (id) => root.querySelector(`#${id}`);

  reminders.addEventListener("change", () => {
    const list = reminders.list.map(inWords);
    now.textContent = list.length ? `Now: ${new Intl.ListFormat("en").format(list)}. Holds for what is planned from now on.` : "Now: no reminders.";
    for (const [id, choice] of Object.entries(CHOICES)) {
      const same = choice.length === reminders.list.length && choice.every(({ before }, n) => before === reminders.list[n].before);
      button(id).setAttribute("aria-pressed", String(same));
    }
  });

  async function attempt(work) {
    problem.textContent = "";
    try {
      await work();
    } catch (error) {
      problem.textContent = error.message;
    }
  }

  for (const [id, choice] of Object.entries(CHOICES)) {
    button(id).addEventListener("click", ({ currentTarget }) =>
      void attempt(() => busy(currentTarget, () => reminders.use(choice))),
    );
  }
  await attempt(() => reminders.read());
}
