/** The panel: heading, tabs, what is wrong, the list, what can be undone, and the ways to the pages. */

import { h, icon } from "./dom.js";
import { Doing } from "./doing.js";
import { webUrl } from "./format.js";
import { List } from "./list.js";
import { Menu } from "./menu.js";
import { Undo } from "./undo.js";
import { why } from "./view.js";

const LEAST_HEIGHT = 420;
const TABS = { all: "all", unread: "unreadOnes" };

export class Panel {
  #tabs = {};
  #name = h("h2", { id: "heading", part: "heading" });
  #keys = h("p", { id: "keys", class: "quiet" });
  #readAll = h("button", { class: "quietly", part: "read-all", type: "button" });
  #settings = h("a", { class: "tool", part: "settings", hidden: true }, icon("settings"));
  #shut = h("button", { class: "tool", part: "close", type: "button" }, icon("close"));
  #note = h("div", { class: "note", part: "note", hidden: true });
  #all = h("a", { class: "see-all", part: "see-all", hidden: true });
  #menu = new Menu();
  /** Which of the lists is shown: `all` or `unread`. */
  which = "all";
  inbox = null;
  say = null;

  /**
   * @param {{announcer: import("./announcer.js").Announcer, open: (item: object, url: string|null, event: Event) => void,
   * close: () => void}} bell
   */
  constructor({ announcer, open, close }) {
    this.announcer = announcer;
    this.undo = new Undo(() => this.focus());
    this.doing = new Doing(this);
    const { doing } = this;
    this.list = new List({
      open, read: (item) => doing.read(item), archive: (item) => doing.archive(item),
      take: (item) => void doing.take(item),
      snooze: (item, button) => this.#snooze(item, button), more: (item, button) => this.#more(item, button),
      loaded: (n) => announcer.say(this.say.t("loaded", { n })),
    });
    this.#readAll.addEventListener("click", () => this.inbox && doing.readAll());
    this.#shut.addEventListener("click", close);
    this.list.element.addEventListener("scroll", () => this.#menu.follow(), { passive: true });
    const elsewhere = (event) => event.composedPath().includes(this.#menu.element) || this.#menu.close();
    const tabs = h("div", { class: "tabs", part: "tabs", role: "tablist", on: { keydown: (event) => this.#turn(event) } });
    for (const which of Object.keys(TABS)) {
      const on = { click: () => this.#choose(which) };
      this.#tabs[which] = h("button", { id: `tab-${which}`, class: "tab", part: "tab", type: "button", role: "tab", "aria-controls": "list", on });
      tabs.append(this.#tabs[which]);
    }
    this.tabs = tabs;
    this.element = h(
      "div",
      {
        id: "panel", class: "panel", part: "panel", role: "dialog", "aria-labelledby": "heading", "aria-describedby": "keys",
        tabindex: "-1", hidden: true, on: { keydown: (event) => this.#key(event, close), pointerdown: elsewhere },
      },
      h("header", { part: "header" }, this.#name, this.#readAll, this.#settings, this.#shut, tabs, this.#keys),
      this.#note, this.list.element, this.undo.element,
      h("footer", { part: "footer" }, this.#all),
      this.#menu.element,
    );
  }

  /** @param {import("./view.js").Say} say */
  speak(say) {
    this.say = say;
    const { t } = say;
    this.#name.textContent = t("heading");
    this.#keys.textContent = t("keys");
    this.#readAll.textContent = t("markAll");
    this.#all.textContent = t("seeAll");
    this.tabs.setAttribute("aria-label", t("show"));
    for (const [which, key] of Object.entries(TABS)) this.#tabs[which].textContent = t(key);
    for (const [element, key] of [[this.#settings, "settings"], [this.#shut, "close"]]) {
      element.title = t(key);
      element.setAttribute("aria-label", t(key));
    }
  }

  /**
   * Where the pages are: addresses of the web, or paths at `base`; empty ones hide the way there.
   * @param {URL|null} base
   */
  lead(base, { inbox, preferences }) {
    const at = (given, path) => (given === "" ? null : (webUrl(given) ?? (base && new URL(path, base)))?.href);
    const ways = [[this.#all, at(inbox, "/inbox")], [this.#settings, at(preferences, "/preferences")]];
    for (const [element, url] of ways) {
      element.hidden = !url;
      if (url) element.href = url;
    }
    this.#all.parentElement.hidden = this.#all.hidden;
  }

  /** Opens into the larger part of the window beside the bell. */
  place(bell) {
    const { left, right, top, bottom } = bell.getBoundingClientRect();
    const isRtl = getComputedStyle(bell).direction === "rtl";
    const isLeft = left + right < document.documentElement.clientWidth;
    this.element.dataset.side = isLeft === isRtl ? "end" : "start";
    this.element.dataset.up = String(top > innerHeight - bottom && innerHeight - bottom < LEAST_HEIGHT);
  }

  /** @param {string} outage why nothing new arrives, or "" */
  draw(outage) {
    const { inbox } = this;
    this.#readAll.ariaDisabled = String(inbox.unread === 0);
    const { problem } = inbox;
    this.#tell(outage || (problem && inbox.status === "ready" ? why(problem, this.say) : ""));
    for (const [which, tab] of Object.entries(this.#tabs)) {
      tab.setAttribute("aria-selected", String(which === this.which));
      tab.tabIndex = which === this.which ? 0 : -1;
    }
    this.list.draw(inbox, this.which, this.say);
  }

  /** Shows why there is no inbox at all. */
  fail(text) {
    this.#tell(text);
    this.list.clear(false);
  }

  /** Gives the focus to the row of a notification, else to the first, else to the panel. */
  focus(id) {
    if (!this.element.hidden && !this.list.focus(id)) this.element.focus({ preventScroll: true });
  }

  /** The next opening begins anew. */
  forget() {
    this.#menu.close({ keepFocus: true });
    this.undo.withdraw();
    this.list.forget();
    if (this.inbox) this.inbox.acts.problem = null;
  }

  /** Forgets whose inbox it was. */
  clear() {
    this.inbox = null;
    this.list.clear();
  }

  #tell(note) {
    this.#note.hidden = !note;
    if (this.#note.textContent === note) return;
    this.#note.replaceChildren(...(note ? [icon("offline"), note] : []));
    if (note) this.announcer.say(note);
  }

  #choose(which) {
    this.which = which;
    this.list.forget();
    this.inbox?.changed();
  }

  #turn(event) {
    const all = Object.keys(TABS);
    const isRtl = getComputedStyle(this.tabs).direction === "rtl";
    const step = { ArrowRight: isRtl ? -1 : 1, ArrowLeft: isRtl ? 1 : -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.#choose(all[(all.indexOf(this.which) + step + all.length) % all.length]);
    this.#tabs[this.which].focus();
  }

  #snooze(item, button) {
    this.#menu.open(button, this.say, { snooze: (until) => this.doing.snooze(item, until) });
  }

  #more(item, button) {
    const { t } = this.say;
    const acts = [
      { label: t(item.read_at ? "unreadAgain" : "read"), act: () => this.doing.read(item) },
      { label: t("archive"), act: () => this.doing.archive(item) },
    ];
    this.#menu.open(button, this.say, { acts, snooze: (until) => this.doing.snooze(item, until) });
  }

  #key(event, close) {
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
      return;
    }
    if (event.key.toLowerCase() === "z" && !event.altKey && !event.shiftKey && event.target.localName !== "input") {
      if (this.undo.undo()) event.preventDefault();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const item = this.list.current;
    if (!item || this.list.key(event)) return;
    const tool = (name) => event.target.closest("li").querySelector(`.tool.${name}`);
    const act = {
      r: () => this.doing.read(item), e: () => this.doing.archive(item),
      s: () => this.#snooze(item, tool(tool("more").checkVisibility() ? "more" : "snooze")),
    }[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  }
}
