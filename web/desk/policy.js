/** When appointments remind: the tenant's policy, and a switch to one short enough to watch. */

import { busy } from "./api.js";
import { seconds, span } from "./words.js";

const PATH = "/v1/admin/policies/appointment";
const CHOICES = {
  "policy-demo": [{ before: "PT30S" }, { before: "PT10S" }],
  "policy-usual": [{ before: "PT24H" }, { before: "PT1H" }],
};

const inWords = ({ before, day_before_at: at }) => (before ? `${span(seconds(before))} before` : `${at} the day before`);

export async function policyControl(api, root) {
  const now = root.querySelector("#policy-now");
  const problem = root.querySelector("#policy-error");
  const button = (id) => root.querySelector(`#${id}`);

  function draw({ reminders }) {
    const list = reminders.map(inWords);
    now.textContent = list.length ? `Now: ${new Intl.ListFormat("en").format(list)}. Holds for what is planned from now on.` : "Now: no reminders.";
    for (const [id, choice] of Object.entries(CHOICES)) {
      const same = choice.length === reminders.length && choice.every(({ before }, n) => before === reminders[n].before);
      button(id).setAttribute("aria-pressed", String(same));
    }
  }

  async function attempt(work) {
    problem.textContent = "";
    try {
      draw(await work());
    } catch (error) {
      problem.textContent = error.message;
    }
  }

  for (const [id, reminders] of Object.entries(CHOICES)) {
    button(id).addEventListener("click", ({ currentTarget }) =>
      void attempt(() =>
        busy(currentTarget, async () => {
          const policy = await api.get(PATH);
          await api.put(PATH, { ...policy, reminders });
          return api.get(PATH);
        }),
      ),
    );
  }
  await attempt(() => api.get(PATH));
}
