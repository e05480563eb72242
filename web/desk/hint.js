/** The form's word to whoever would wait in vain: no reminder falls between now and the chosen instant. */

import { busy } from "./api.js";
import { CHOICES } from "./policies.js";
import { seconds } from "./words.js";

function instant({ before, day_before_at: at }, due) {
  if (before) return due.getTime() - seconds(before) * 1_000;
  const [hours, minutes] = at.split(":").map(Number);
  return new Date(due.getFullYear(), due.getMonth(), due.getDate() - 1, hours, minutes).getTime();
}

const comes = (list, due, now) => list.some((reminder) => instant(reminder, due) > now);

/**
 * @param {HTMLFormElement} form holds the hint's elements
 * @param {import("./policies.js").Policies} policies
 * @param {() => Date|null} dueAt the chosen instant
 */
export function reminderHint(form, policies, dueAt) {
  const hint = form.querySelector("#hint");
  const text = hint.querySelector("[role=status]");
  const button = hint.querySelector("button");
  const problem = hint.querySelector("#hint-error");

  function draw() {
    const [due, now] = [dueAt(), Date.now()];
    const reminders = policies.now?.reminders;
    hint.hidden = !reminders || !(due?.getTime() > now) || comes(reminders, due, now);
    if (hint.hidden) return;
    text.textContent = reminders.length ? "No reminder comes before a time this near." : "No reminders are set.";
    button.hidden = !comes(CHOICES[policies.kind].short.reminders, due, now);
  }

  button.addEventListener("click", async () => {
    problem.textContent = "";
    try {
      await busy(button, () => policies.choose("short"));
      form.querySelector("[type=submit]").focus();
    } catch (error) {
      problem.textContent = error.message;
    }
  });
  for (const type of ["change", "input"]) form.addEventListener(type, draw);
  policies.addEventListener("change", draw);
  setInterval(draw, 1_000);
}
