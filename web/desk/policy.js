/** The box that says when a kind reminds and escalates, with a switch to a policy short enough to watch. */

import { h } from "/bell/dom.js";
import { busy } from "./api.js";
import { KINDS } from "./kinds.js";
import { audience, seconds, span } from "./words.js";

const list = new Intl.ListFormat("en");
const after = (duration) => (seconds(duration) ? `after ${span(seconds(duration))}` : "at once");

function reminder({ before, day_before_at: at }) {
  if (at) return `${at} the day before`;
  return seconds(before) ? `${span(seconds(before))} before` : "when it is due";
}

/** What a policy says, as pairs of a name and words. */
function inWords({ reminders, overdue_after: overdue, escalation: { levels }, calendar }) {
  return [
    ["Reminds", reminders.length ? list.format(reminders.map(reminder)) : "never"],
    ["Is overdue", overdue === null ? "never" : after(overdue)],
    overdue !== null && levels.length && ["Then tells", list.format(levels.map(({ to, after: wait }) => `${audience(to)} ${after(wait)}`))],
    ["Counts", calendar ? "working time" : "day and night"],
  ].filter(Boolean);
}

/** @param {import("./policies.js").Policies} policies */
export function policyControl(policies, root) {
  const now = root.querySelector("#policy-now");
  const problem = root.querySelector("#policy-error");
  const buttons = { short: root.querySelector("#policy-short"), usual: root.querySelector("#policy-usual") };

  policies.addEventListener("change", () => {
    root.querySelector("h2").textContent = `Policy for ${KINDS[policies.kind].many.toLowerCase()}`;
    const rows = policies.now ? inWords(policies.now) : [];
    now.replaceChildren(...rows.flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]));
    for (const [name, button] of Object.entries(buttons)) button.setAttribute("aria-pressed", String(policies.choice === name));
  });
  for (const [name, button] of Object.entries(buttons)) {
    button.addEventListener("click", async () => {
      problem.textContent = "";
      try {
        await busy(button, () => policies.choose(name));
      } catch (error) {
        problem.textContent = [error.message, ...(error.fields?.values() ?? [])].join(" ");
      }
    });
  }
}
