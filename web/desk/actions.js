/** What can be done with one thing of the list, as its state, its kind and the user's rights have it. */

import { h } from "/bell/dom.js";
import { newId } from "./api.js";
import { dueOf, kindOf, moved, snapshot, titleOf } from "./kinds.js";
import { closeMenu, menu } from "./menu.js";
import { inputTime } from "./words.js";

const MINUTE = 60_000;
const HOUR = 3_600_000;

/**
 * @param {object} item
 * @param {object} can `run(button, work)` runs what a button asks for, `tell(item, event, data)` sends an event,
 * `act(item, verb, body)` acts; `tells`: whether the user may send events; `people`: whom things can be given to
 * @returns {HTMLElement[]}
 */
export function actions(item, can) {
  const kind = kindOf(item);
  const about = titleOf(item);
  const tell = (event, data = snapshot(item)) => can.tell(item, event, data);
  const button = (label, work, style = "ghost") => {
    const element = h("button", { class: style, type: "button", "aria-label": `${label}: ${about}` }, label);
    // What answers false was not done: its menu stays open.
    const run = async () => (await work()) !== false && closeMenu(element.closest("details"));
    element.addEventListener("click", () => void can.run(element, run));
    return element;
  };
  const parts = { item, kind, about, can, tell, button };
  const { events } = kind;

  if (item.state === "closed") return can.tells ? [mover(kind.again, events.again, parts)] : [];
  const calls = ["overdue", "escalated"].includes(item.state);
  const remind = button("Remind now", () => can.act(item, "remind-now"));
  const ends = Object.entries(kind.ends).map(([event, label]) => button(label, () => tell(event), event === "cancelled" ? "ghost danger" : "ghost"));
  return [
    calls && button("Acknowledge", () => can.act(item, "acknowledge"), "primary"),
    ...(can.tells ? ends.slice(0, kind.lead) : []),
    can.tells && item.kind === "ticket" && conversation(parts),
    can.tells && mover("Move", events.move, parts),
    snoozer(parts),
    can.tells
      ? menu("More", about, [remind, item.kind === "ticket" && waiting(parts), ...ends.slice(kind.lead), assigner(events.assign, parts)].filter(Boolean))
      : remind,
  ].filter(Boolean);
}

/** Says by the focus what is missing. */
function refused(input) {
  input.focus();
  return false;
}

/** An instant to choose, and the button that takes it. */
function chosen(label, does, work, { button }) {
  const input = h("input", { type: "datetime-local", step: "1", "aria-label": label });
  const set = button(does, () => (input.value ? work(new Date(input.value)) : refused(input)), "primary");
  return [input, set];
}

function mover(label, event, parts) {
  const { item, kind, about, tell, button } = parts;
  const to = (start) => tell(event, { ...moved(item, start), ...(event === "reopened" && { status: "open" }) });
  // What has begun moves on from now, or it would stay in the past.
  const later = (text, ms) => button(text, () => to(new Date(Math.max(dueOf(item) ?? 0, Date.now()) + ms)));
  const [input, set] = chosen("New time", "Move there", to, parts);
  const quick = h("div", { class: "row" }, later("+1 min", MINUTE), later("+1 hour", HOUR), kind.undated && button(kind.undated, () => to(null)));
  return menu(label, about, [quick, input, set], () => {
    input.value = inputTime(new Date(Math.max(dueOf(item) ?? 0, Date.now() + MINUTE)));
  });
}

function snoozer(parts) {
  const { item, about, can, button } = parts;
  const until = (instant) => can.act(item, "snooze", { until: instant });
  const [input, set] = chosen("Snooze until", "Snooze until then", (moment) => until(moment.toISOString()), parts);
  const content = [
    button("For an hour", () => until(new Date(Date.now() + HOUR).toISOString())),
    button("Until the next working morning", () => until("next_working_morning")),
    input, set,
  ];
  return menu("Snooze", about, content, () => (input.value = inputTime(new Date(Date.now() + 2 * HOUR)).slice(0, 16)));
}

function waiting({ item, tell, button }) {
  const waits = item.entity.status === "waiting";
  const data = { ...snapshot(item), status: waits ? "open" : "waiting" };
  return button(waits ? "The customer has answered" : "Wait for the customer", () => tell("updated", data));
}

function conversation(parts) {
  const { item, about, can, tell, button } = parts;
  const text = h("textarea", { rows: "3", maxlength: "4000", "aria-label": "Message" });
  const say = (author) => async () => {
    if (!text.value.trim()) return refused(text);
    await tell("message", { ...snapshot(item), message: { id: newId(), author_id: author, text: text.value.trim() } });
    text.value = "";
    return true;
  };
  const call = () => tell("callback", { ...snapshot(item), callback_at: new Date(Date.now() + MINUTE).toISOString() });
  const content = [
    text, button("Send", say(can.me), "primary"), button("Note what the customer wrote", say("customer")),
    button("Call back in a minute", call),
  ];
  return menu("Reply", about, content);
}

function assigner(event, { item, can, tell, button }) {
  const to = (ids) => tell(event, { ...snapshot(item), assignee_ids: ids });
  const input = h("input", {
    "aria-label": "Assign to, user ids", placeholder: "User ids, comma-separated", list: "people", autocomplete: "off", spellcheck: "false",
  });
  input.value = (item.entity.assignee_ids ?? []).join(", ");
  const others = can.people.filter(({ id }) => String(item.entity.assignee_ids) !== id).slice(0, 6);
  return h(
    "div",
    { class: "menu-part" },
    h("span", { class: "muted small" }, "Give it to"),
    h("div", { class: "row" }, ...others.map(({ id }) => button(id, () => to([id])))),
    input, button("Assign", () => to(input.value.split(/[\s,]+/).filter(Boolean))),
  );
}
