/** What rows and toasts have in common, and what the panel shows where there are no rows. */

import { h, icon } from "./dom.js";
import { absolute, relative, safeUrl } from "./format.js";

/**
 * The language that something is drawn in, and its words.
 * @typedef {{lang: string, t: (key: string, values?: Record<string, string|number>) => string}} Say
 */

/** The action by which somebody says that they take care of it, while nobody has. */
export function offer(item) {
  return item.acknowledged_at ? null : (item.actions?.find(({ action }) => action === "acknowledge") ?? null);
}

/** Why something was refused, in words. */
export function why({ status, problem }, { t }) {
  if (problem) return problem;
  if (status === 401) return t("expired");
  return status ? t("answered", { status }) : t("unreachable");
}

/** A time that says how long ago it is; `refresh` keeps it true. `key` names the words around it. */
function since(at, say, key = "") {
  const element = h("time", { datetime: at, dir: "auto", title: absolute(at, say.lang), data: { key } });
  tell(element, say);
  return element;
}

function tell(element, { lang, t }) {
  const when = relative(element.dateTime, lang);
  const text = element.dataset.key ? t(element.dataset.key, { when }) : when;
  if (element.textContent !== text) element.textContent = text;
}

/** Brings the times within an element up to date. */
export function refresh(element, say) {
  for (const time of element.querySelectorAll("time")) tell(time, say);
}

function contents(item, level, say) {
  const { t } = say;
  const tag = ["high", "urgent"].includes(item.priority) && t(item.priority);
  const taken = item.acknowledged_at && since(item.acknowledged_at, say, "acknowledged");
  return [
    h("span", { class: "title", part: "title", dir: "auto" }, item.title),
    item.message && h("span", { class: "message", part: "message", dir: "auto" }, item.message),
    h(
      "span",
      { class: "meta", part: "meta" },
      tag && h("span", { class: "tag", part: `tag ${item.priority}` }, tag),
      level === "row" && since(item.created_at, say),
      item.action_url && item.action_text && safeUrl(item.action_url) && h("span", { class: "act" }, item.action_text),
      taken && h("span", { class: "taken", part: "acknowledged" }, icon("check"), taken),
      level === "row" && !item.read_at && h("span", { class: "quiet" }, t("unread")),
    ),
  ];
}

/** The part of a row or toast that is opened: a link where there is a safe address, else a button. */
export function opener(item, level, say, open) {
  const url = safeUrl(item.action_url);
  const on = { click: (event) => open(item, url, event) };
  return url
    ? h("a", { class: "open", part: "open", href: url, on }, ...contents(item, level, say))
    : h("button", { class: "open", part: "open", type: "button", on }, ...contents(item, level, say));
}

/** The button that acknowledges, or null. */
export function taker(item, { t }, take) {
  const offered = offer(item);
  return offered && h("button", {
    class: "take", part: "acknowledge", type: "button", data: { act: "take" },
    "aria-label": t("takeIt", { act: offered.title, title: item.title }),
    on: { click: ({ currentTarget }) => take(item, currentTarget) },
  }, offered.title);
}

/** Grey lines where rows will be. */
export function bones() {
  const lines = () => h("div", { class: "bones" }, h("div", { class: "bone" }), h("div", { class: "bone" }));
  return h("div", { "aria-hidden": "true" }, lines(), lines(), lines());
}

/** That there is nothing in a list. */
export function nothing(which, { t }) {
  const about = h("span", {}, t(which === "unread" ? "nothingUnread" : "nothingYet"));
  return h("div", { class: "state", part: "empty" }, icon("bell"), h("strong", {}, t("caughtUp")), about);
}

/** That a list could not be read, and why. */
export function failure(problem, say, retry) {
  const again = h("button", { class: "quietly", type: "button", on: { click: retry } }, say.t("again"));
  const about = h("span", {}, why(problem, say));
  return h("div", { class: "state", part: "error" }, icon("offline"), h("strong", {}, say.t("notLoaded")), about, again);
}
