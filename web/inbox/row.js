/** One notification of the list. */

import { h } from "/bell/dom.js";
import { absolute, relative, safeUrl } from "/bell/format.js";
import { icon } from "../pages/icons.js";
import { moment } from "../pages/time.js";
import { name, t } from "../pages/words.js";
import { Story } from "./story.js";

const KINDS = ["appointment", "follow_up", "task", "ticket"];
const IMPORTANT = ["high", "urgent"];

/** The action by which one takes in hand what it tells of. */
const taking = (item) => (item.acknowledged_at ? null : item.actions?.find(({ action }) => action === "acknowledge"));

function button(act, drawing, label, title) {
  return h("button", { class: "ghost", type: "button", data: { act }, "aria-label": `${label}: ${title}`, title: label }, icon(drawing), h("span", {}, label));
}

function acts(item) {
  const act = (name, drawing, label) => button(name, drawing, t(`act.${label ?? name}`), item.title);
  const url = safeUrl(item.action_url);
  const link = url && h("a", { class: "button", href: url, data: { act: "follow" }, dir: "auto" }, item.action_text || t("act.follow"));
  const take = taking(item) && h("button", { class: "primary", type: "button", data: { act: "take" } }, taking(item).title || t("act.acknowledge"));
  return h(
    "div",
    { class: "acts" },
    take, link,
    item.read_at ? act("read", "unread", "unread") : act("read", "read"),
    item.snoozed_until ? act("wake", "wake") : act("snooze", "clock"),
    item.archived_at ? act("archive", "unarchive", "unarchive") : act("archive", "archive"),
    act("delete", "trash"),
  );
}

function chips(item) {
  const chip = (kind, text) => h("span", { class: `chip ${kind}` }, text);
  return [
    IMPORTANT.includes(item.priority) && chip(item.priority === "urgent" ? "bad" : "warn", name("priority", item.priority)),
    item.snoozed_until && chip("plain", t("until", { when: moment(item.snoozed_until) })),
    item.acknowledged_at && chip("good", t("acknowledged")),
    item.archived_at && chip("", t("status.archived")),
  ];
}

/** Why it came, and what of it is known. */
function detail(item, id) {
  const { kind, id: about } = item.entity ?? {};
  const why = h("span", {}, `${name("category", item.category)} › ${name("type", item.type)}`, " · ", h("a", { href: `/preferences#${item.category}` }, t("detail.change")));
  const facts = {
    about: KINDS.includes(kind) && h("a", { href: `/#${kind}/${encodeURIComponent(about)}` }, `${name("kind", kind)} ${about}`),
    why, priority: name("priority", item.priority), created: absolute(item.created_at),
    read: item.read_at && absolute(item.read_at), acknowledged: item.acknowledged_at && absolute(item.acknowledged_at),
    archived: item.archived_at && absolute(item.archived_at), snoozed: item.snoozed_until && absolute(item.snoozed_until),
    expires: item.expires_at && absolute(item.expires_at),
  };
  const pairs = Object.entries(facts).filter(([, value]) => value);
  return h("dl", { id, class: "detail" }, ...pairs.flatMap(([key, value]) => [h("dt", {}, t(`detail.${key}`)), h("dd", {}, value)]));
}

export class Row {
  #api;
  #drawn = "";
  #story = null;
  item = null;
  box = h("input", { type: "checkbox", data: { act: "select" } });
  #content = h("div", { class: "what" });
  element = h("li", {}, h("label", { class: "pick" }, this.box), this.#content);

  constructor(api) {
    this.#api = api;
  }

  /** @param {{isOpen: boolean, isSelected: boolean}} state */
  draw(item, { isOpen, isSelected }) {
    this.item = item;
    this.box.checked = isSelected;
    this.element.classList.toggle("selected", isSelected);
    const now = JSON.stringify([item, isOpen]);
    if (now === this.#drawn) return;
    this.#drawn = now;
    const held = this.element.contains(document.activeElement) && document.activeElement;
    this.#story = isOpen ? (this.#story ?? new Story(this.#api, item.id)) : null;
    this.#fill(item, isOpen);
    if (held) this.#sameAs(held).focus({ preventScroll: true });
  }

  get title() {
    return this.element.querySelector(".title");
  }

  /** Says anew how long ago it came. */
  tick() {
    this.element.querySelector("time").textContent = relative(this.item.created_at);
  }

  /** What now stands for a part that had the focus. */
  #sameAs(held) {
    if (this.element.contains(held)) return held;
    return this.element.querySelector(`[data-act="${held.dataset.act}"]`) ?? this.title;
  }

  #fill(item, isOpen) {
    const { element } = this;
    element.dataset.id = item.id;
    element.dataset.priority = item.priority;
    element.classList.toggle("unread", !item.read_at);
    element.classList.toggle("open", isOpen);
    this.box.setAttribute("aria-label", t("select", { title: item.title }));
    const detailId = `detail-${item.id}`;
    const unread = item.read_at ? null : h("span", { class: "quiet" }, `${t("status.unread")}: `);
    this.#content.replaceChildren(
      h(
        "button",
        { class: "title", type: "button", data: { act: "open" }, "aria-expanded": String(isOpen), "aria-controls": isOpen ? detailId : null },
        unread, h("span", { dir: "auto" }, item.title),
      ),
      h("time", { datetime: item.created_at, title: absolute(item.created_at) }, relative(item.created_at)),
      item.message ? h("p", { class: "message", dir: "auto" }, item.message) : "",
      h("div", { class: "foot" }, h("p", { class: "meta" }, h("span", {}, name("category", item.category)), ...chips(item).filter(Boolean)), acts(item)),
      isOpen ? detail(item, detailId) : "",
      this.#story?.element ?? "",
    );
  }
}
