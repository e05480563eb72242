/** The form for a new appointment. */

import { busy } from "./api.js";
import { newId } from "./appointments.js";
import { reminderHint } from "./hint.js";
import { inputTime } from "./words.js";

const FIELDS = ["title", "customer_name", "starts_at", "assignee_ids"];
const ID = /^[A-Za-z0-9._~-]{1,128}$/;

/**
 * @param {HTMLFormElement} form
 * @param {import("./appointments.js").Appointments} appointments
 * @param {import("./policy.js").Reminders} reminders
 * @param {string} me the user's own id
 */
export function newAppointment(form, appointments, reminders, me) {
  const input = (name) => form.elements[name];
  const problem = (name, text) => {
    form.querySelector(`#${name}-error`).textContent = text;
    if (FIELDS.includes(name)) input(name).setAttribute("aria-invalid", String(Boolean(text)));
  };
  const clear = () => ["new", ...FIELDS].forEach((name) => problem(name, ""));
  input("assignee_ids").value = me;

  form.addEventListener("change", ({ target }) => {
    if (target.name !== "start") return;
    const custom = target.value === "custom";
    input("starts_at").hidden = !custom;
    if (custom) {
      input("starts_at").value ||= inputTime(new Date(Date.now() + 86_400_000)).slice(0, 16);
      input("starts_at").focus();
    }
  });

  const startsAt = () => {
    const start = form.elements.start.value;
    return start === "custom" ? new Date(input("starts_at").value) : new Date(Date.now() + Number(start) * 1_000);
  };
  reminderHint(form, reminders, startsAt);

  function read() {
    const assignees = input("assignee_ids").value.split(/[\s,]+/).filter(Boolean);
    const moment = startsAt();
    const wrong = {
      title: input("title").value.trim() ? "" : "Give it a title.",
      customer_name: input("customer_name").value.trim() ? "" : "Say who the customer is.",
      starts_at: Number.isNaN(moment.getTime()) ? "Choose a day and a time." : "",
      assignee_ids: assignees.every((id) => ID.test(id)) ? "" : "User ids hold letters, digits and . _ ~ - only.",
    };
    const bad = FIELDS.filter((name) => wrong[name]);
    for (const name of bad) problem(name, wrong[name]);
    if (bad.length) {
      input(bad[0]).focus();
      return null;
    }
    const id = newId();
    return {
      id,
      title: input("title").value.trim(),
      customer_name: input("customer_name").value.trim(),
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      starts_at: moment.toISOString(),
      assignee_ids: assignees,
      creator_id: me,
      action_url: `/#appointment/${id}`,
    };
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clear();
    const data = read();
    if (!data) return;
    try {
      await busy(form.querySelector("[type=submit]"), () => appointments.send("appointment.scheduled", data));
      input("title").value = "";
      input("customer_name").value = "";
      input("title").focus();
    } catch (error) {
      const known = FIELDS.filter((name) => error.fields?.has(name));
      for (const name of known) problem(name, error.fields.get(name));
      if (known.length) input(known[0]).focus();
      else problem("new", [error.message, ...(error.fields?.values() ?? [])].join(" "));
    }
  });
}
