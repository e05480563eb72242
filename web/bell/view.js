/** What the bell draws for notifications: rows of its list, toasts, and the states of an empty panel. */

import { h, icon } from "./dom.js";
import { absolute, relative, safeUrl } from "./format.js";

const PRIORITY = { high: "Important", urgent: "Urgent" };

/** The action by which somebody says that they take care of it, while nobody has. */
export function offer(item) {
  return item.acknowledged_at ? null : (item.actions?.find(({ action }) => action === "acknowledge") ?? null);
}

function taken(at) {
  return h("span", { class: "taken", part: "acknowledged" }, icon("check"), h("time", { datetime: at, title: absolute(at) }, `Acknowledged ${relative(at)}`));
}

function words(item, level) {
  const tag = PRIORITY[item.priority];
  return [
    h("span", { class: "title", part: "title", dir: "auto" }, item.title),
    item.message && h("span", { class: "message", part: "message", dir: "auto" }, item.message),
    h(
      "span",
      { class: "meta" },
      tag && h("span", { class: "tag", part: `tag ${item.priority}` }, tag),
      level === "row" && h("time", { datetime: item.created_at, title: absolute(item.created_at) }, relative(item.created_at)),
      item.action_url && item.action_text && safeUrl(item.action_url) && h("span", { class: "act" }, item.action_text),
      item.acknowledged_at && taken(item.acknowledged_at),
      level === "row" && !item.read_at && h("span", { class: "quiet" }, "unread"),
    ),
  ];
}

/** The part of a row or toast that is opened: a link where there is a safe address, else a button. */
function opener(item, level, open) {
  const url = safeUrl(item.action_url);
  const on = { click: (event) => open(item, url, event) };
  return url
    ? h("a", { class: "open", part: "open", href: url, on }, ...words(item, level))
    : h("button", { class: "open", part: "open", type: "button", on }, ...words(item, level));
}

function taker(item, take) {
  const offered = offer(item);
  return offered && h("button", {
    class: "take", part: "acknowledge", type: "button", data: { act: "take" }, "aria-label": `${offered.title}: ${item.title}`,
    on: { click: ({ currentTarget }) => take(item, currentTarget) },
  }, offered.title);
}

/** One row; `open(item, url, event)`, `read(item)` and `take(item, button)` are told what was asked for. */
export function row(item, { open, read, take, active }) {
  const unread = !item.read_at;
  const dot = unread && h("button", {
    class: "dot", part: "dot", type: "button", data: { act: "read" }, "aria-label": `Mark as read: ${item.title}`,
    title: "Mark as read", on: { click: () => read(item) },
  });
  const controls = [opener(item, "row", open), dot, taker(item, take)].filter(Boolean);
  for (const control of controls) control.tabIndex = active ? 0 : -1;
  const kind = ["urgent", "high", "low"].includes(item.priority) ? item.priority : "normal";
  const part = `item ${kind}${unread ? " unread" : ""}`;
  return h("li", { class: `${kind}${unread ? " unread" : ""}`, part, data: { id: item.id } }, ...controls);
}

export function toast(item, { open, shut, take }) {
  const close = h("button", { class: "shut", type: "button", "aria-label": "Dismiss", on: { click: shut } }, icon("close"));
  const { id, priority } = item;
  return h("div", { class: `toast ${priority}`, part: `toast ${priority}`, data: { id } }, opener(item, "toast", open), close, taker(item, take));
}

export function bones() {
  const lines = () => h("div", { class: "bones" }, h("div", { class: "bone" }), h("div", { class: "bone" }));
  return h("div", { "aria-hidden": "true" }, lines(), lines(), lines());
}

export function nothing() {
  return h(
    "div",
    { class: "state", part: "empty" },
    icon("bell"), h("strong", {}, "You are all caught up"), h("span", {}, "Reminders and news will show up here."),
  );
}

export function failure(problem, retry) {
  const again = h("button", { class: "quietly", type: "button", on: { click: retry } }, "Try again");
  return h("div", { class: "state", part: "error" }, icon("offline"), h("strong", {}, "Not loaded"), h("span", {}, problem), again);
}
