/** The form for something new, of any kind. */

import { busy, newId } from "./api.js";
import { reminderHint } from "./hint.js";
import { KINDS } from "./kinds.js";
import { inputTime } from "./words.js";

const FIELDS = ["title", "customer_name", "due", "assignee_ids"];
const ID = /^[A-Za-z0-9._~-]{1,128}$/;

/**
 * @param {HTMLFormElement} form
 * @param {import("./work.js").Work} work
 * @param {import("./policies.js").Policies} policies
 */
export function newWork(form, work, policies) {
  const input = (name) => form.elements[name];
  const text = (name) => input(name).value.trim();
  const problem = (name, words) => {
    form.querySelector(`#${name}-error`).textContent = words;
    if (FIELDS.includes(name)) input(name).setAttribute("aria-invalid", String(Boolean(words)));
  };
  const clear = () => ["new", ...FIELDS].forEach((name) => problem(name, ""));
  const kind = () => KINDS[form.elements.new_kind.value];
  input("assignee_ids").value = work.me;

  function shape() {
    const { one, title, asks, undated, example, needs } = kind();
    const label = title === "subject" ? "Subject" : "Title";
    form.querySelector("h2").textContent = `New ${one}`;
    form.querySelector("[type=submit]").textContent = `Create ${one}`;
    form.querySelector('label[for="title"]').textContent = label;
    input("title").placeholder = example;
    form.querySelector("#customer-optional").hidden = needs.includes("customer_name");
    form.querySelector("#asks").textContent = asks;
    form.querySelector("#undated").hidden = !undated;
    form.querySelector("#undated span").textContent = undated ?? "";
    form.querySelector("#priority").hidden = one !== "ticket";
    if (form.elements.in.value === "none") form.elements.in.value = "60";
    clear();
  }

  form.addEventListener("change", ({ target }) => {
    if (target.name === "new_kind") {
      shape();
      policies.look(target.value).catch((error) => problem("new", error.message));
    }
    const custom = form.elements.in.value === "custom";
    input("due").hidden = !custom;
    if (custom && target.name === "in") {
      input("due").value ||= inputTime(new Date(Date.now() + 86_400_000)).slice(0, 16);
      input("due").focus();
    }
  });

  /** The chosen instant; null: none, of what may be without. */
  const dueAt = () => {
    const given = form.elements.in.value;
    if (given === "none") return null;
    return given === "custom" ? new Date(input("due").value) : new Date(Date.now() + Number(given) * 1_000);
  };
  reminderHint(form, policies, dueAt);
  shape();

  function read() {
    const { one, title, due, needs } = kind();
    const assignees = input("assignee_ids").value.split(/[\s,]+/).filter(Boolean);
    const moment = dueAt();
    const wrong = {
      title: text("title") ? "" : `Give it a ${title}.`,
      customer_name: text("customer_name") || !needs.includes("customer_name") ? "" : "Say who the customer is.",
      due: moment && Number.isNaN(moment.getTime()) ? "Choose a day and a time." : "",
      assignee_ids: assignees.every((id) => ID.test(id)) ? "" : "User ids hold letters, digits and . _ ~ - only.",
    };
    const bad = FIELDS.filter((name) => wrong[name]);
    for (const name of bad) problem(name, wrong[name]);
    if (bad.length) {
      input(bad[0]).focus();
      return null;
    }
    const id = newId();
    const own = one === "ticket"
      ? { priority: form.elements.priority.value, opened_at: new Date().toISOString() }
      : { creator_id: work.me };
    return {
      id,
      [title]: text("title"),
      ...(text("customer_name") && { customer_name: text("customer_name") }),
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      ...(moment && { [due]: moment.toISOString() }),
      assignee_ids: assignees,
      action_url: `/#${form.elements.new_kind.value}/${id}`,
      ...own,
    };
  }

  /** The field of the form that a field of the API is. */
  const shown = (name) => ({ [kind().title]: "title", [kind().due]: "due" })[name] ?? (FIELDS.includes(name) ? name : "new");

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clear();
    const data = read();
    if (!data) return;
    try {
      await busy(form.querySelector("[type=submit]"), () => work.tell(form.elements.new_kind.value, kind().events.create, data));
      for (const name of ["title", "customer_name"]) input(name).value = "";
      input("title").focus();
    } catch (error) {
      const told = [...(error.fields ?? [])].map(([name, words]) => [shown(name), words]);
      for (const [name, words] of told) problem(name, words);
      const first = told.find(([name]) => name !== "new");
      if (first) input(first[0]).focus();
      else problem("new", [error.message, ...told.map(([, words]) => words)].join(" "));
    }
  });
}
