/** One row of the list: what it tells, and what can be done with it. */

import { h, icon } from "./dom.js";
import { opener, taker } from "./view.js";

function tool(act, picture, title, label, key, on) {
  const name = key ? `${title} (${key.toUpperCase()})` : title;
  const shortcut = { "aria-keyshortcuts": key || null, "aria-haspopup": act === "archive" ? null : "dialog" };
  return h("button", {
    class: `tool ${act}`, part: `tool ${act}`, type: "button", title: name, "aria-label": label, data: { act }, ...shortcut,
    on: { click: ({ currentTarget }) => on(currentTarget) },
  }, icon(picture));
}

/**
 * @param {object} item
 * @param {import("./view.js").Say} say
 * @param {object} does told what was asked for: `open(item, url, event)`, `read(item)`, `take(item, button)`,
 * `archive(item)`, `snooze(item, button)` and `more(item, button)`
 */
export function row(item, say, does) {
  const { t } = say;
  const { title } = item;
  const unread = !item.read_at;
  const dot = h("button", {
    class: "dot", part: "dot", type: "button", data: { act: "read" }, "aria-keyshortcuts": "r",
    "aria-label": t(unread ? "readIt" : "unreadIt", { title }), title: `${t(unread ? "read" : "unreadAgain")} (R)`,
    on: { click: () => does.read(item) },
  });
  const tools = h(
    "span",
    { class: "tools", part: "tools" },
    tool("archive", "archive", t("archive"), t("archiveIt", { title }), "e", () => does.archive(item)),
    tool("snooze", "clock", t("snooze"), t("snoozeIt", { title }), "s", (button) => does.snooze(item, button)),
  );
  const more = tool("more", "more", t("more"), t("moreOf", { title }), "", (button) => does.more(item, button));
  const kind = ["urgent", "high", "low"].includes(item.priority) ? item.priority : "normal";
  const names = `${kind}${unread ? " unread" : ""}`;
  return h(
    "li",
    { class: names, part: `item ${names}`, data: { id: item.id } },
    opener(item, "row", say, does.open), dot, taker(item, say, does.take), tools, more,
  );
}
