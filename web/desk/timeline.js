/** The steps of one entity: what was or will be told, to whom, by which channel, and why not. */

import { h } from "/bell/dom.js";
import { absolute } from "/bell/format.js";
import { dueOf } from "./kinds.js";
import * as words from "./words.js";

const TONE = {
  sent: "good", delivered: "good", opened: "good", clicked: "good", planned: "plain", deferred: "plain",
  withheld: "quiet", superseded: "quiet", skipped: "quiet", expired: "quiet", failed: "bad", unknown: "bad",
};

function chip(outcome, text, title = null) {
  return h("span", { class: `chip ${TONE[outcome] ?? "plain"}`, title }, text);
}

function recipients(list) {
  return [...grouped(list)].map(([user, told]) =>
    h(
      "div",
      { class: "told" },
      h("span", { class: "told-who" }, user),
      ...told.map(({ channel, outcome, reason, at }) => {
        return chip(outcome, words.delivery(channel, outcome, reason), at ? absolute(at) : null);
      }),
    ),
  );
}

function grouped(list) {
  const people = new Map();
  for (const one of words.inOrder(list)) people.set(one.user_id, [...(people.get(one.user_id) ?? []), one]);
  return people;
}

function before(step, due) {
  const left = (due - Date.parse(step.due_at)) / 1000;
  return due && step.key.startsWith("reminder-") && step.outcome !== "superseded" && left > 0 ? `${words.span(left)} before` : "";
}

function line(step, due) {
  const { name, more } = words.step(step);
  const { day, time } = words.local(step.due_at, { exact: true });
  return h(
    "li",
    { class: `step ${TONE[step.outcome] ?? "plain"}` },
    h(
      "div",
      { class: "step-head" },
      h("strong", {}, name), h("span", { class: "muted" }, more || before(step, due)),
      h("time", { class: "muted", datetime: step.due_at, title: absolute(step.due_at) }, day === "Today" ? time : `${day}, ${time}`),
    ),
    h(
      "div",
      { class: "step-why" },
      chip(step.outcome, words.outcome(step.outcome)),
      step.reason && h("span", { class: "muted" }, words.reason(step.reason)),
    ),
    ...recipients(step.recipients ?? []),
  );
}

/** @param {object} detail as `GET /v1/entities/{kind}/{id}` answers */
export function timeline(detail) {
  const steps = detail.timeline ?? [];
  if (!steps.length) return h("p", { class: "muted" }, "Nothing is planned and nothing was told.");
  const due = detail.entity && dueOf(detail);
  return h("ol", { class: "timeline" }, ...steps.map((step) => line(step, due)));
}
