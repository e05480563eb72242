/** The form's word to whoever would wait in vain: no reminder falls between now and the chosen start. */

import { busy } from "./api.js";
import { SHORT } from "./policy.js";
import { seconds } from "./words.js";

function instant({ before, day_before_at: at }, start) {
  if (before) return start.getTime() - seconds(before) * 1_000;
  const [hours, minutes] = at.split(":").map(Number);
  return new Date(start.getFullYear(), start.getMonth(), start.getDate() - 1, hours, minutes).getTime();
}

const comes = (list, start, now) => list.some((reminder) => instant(reminder, start) > now);

/**
 * @param {HTMLFormElement} form holds the hint's elements
 * @param {import("./policy.js").Reminders} reminders
 * @param {() => Date} startsAt the chosen start
 */
export function reminderHint(form, reminders, startsAt) {
  const hint = form.querySelector("#hint");
  const text = hint.querySelector("[role=status]");
  const button = hint.querySelector("button");
  const problem = hint.querySelector("#hint-error");

  function draw() {
    const [start, now] = [startsAt(), Date.now()];
    const ahead = start.getTime() > now;
    hint.hidden = !reminders.list || !ahead || comes(reminders.list, start, now);
    text.textContent = reminders.list?.length === 0 ? "No reminders are set." : "No reminder comes before a start this near.";
    button.hidden = !comes(SHORT, start, now);
  }

  button.addEventListener("click", async () => {
    problem.textContent = "";
    try {
      await busy(button, () => reminders.use(SHORT));
      form.querySelector("[type=submit]").focus();
    } catch (error) {
      problem.textContent = error.message;
    }
  });
  for (const type of ["change", "input"]) form.addEventListener(type, draw);
  reminders.addEventListener("change", draw);
  setInterval(draw, 1_000);
}
