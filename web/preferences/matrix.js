/** The table of channels and categories, each with its types. */

import { h } from "/bell/dom.js";
import { icon } from "../pages/icons.js";
import { name, t } from "../pages/words.js";
import { byDefault, freedom, inherited, ofChannel, withChoice } from "./levels.js";

const CHOICES = { default: null, on: true, off: false };

export class Matrix {
  #draft;
  #table;
  #cells = [];

  /**
   * @param {HTMLTableElement} table
   * @param {object[]} notices the catalogue
   * @param {(channel: string) => boolean} isOn whether a channel reaches anybody here
   */
  constructor(table, draft, notices, isOn) {
    this.#table = table;
    this.#draft = draft;
    const fullestFirst = notices.map(({ channels }) => channels).sort((a, b) => b.length - a.length);
    this.channels = [...new Set(fullestFirst.flat())].filter(isOn);
    const categories = Map.groupBy(notices, ({ category }) => category);
    const head = h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("matrix.about")), ...this.channels.map((channel) => this.#mark(h("th", { scope: "col" }, name("channel", channel)), channel))));
    const all = h("tbody", { class: "all" }, this.#row(t("matrix.all"), t("matrix.all.text"), [], (channel) => this.#channelCell(channel)));
    const bodies = [...categories].sort(([a], [b]) => name("category", a).localeCompare(name("category", b))).map(([category, own]) => this.#category(category, own));
    table.replaceChildren(head, all, ...bodies);
  }

  /** Shows one channel only, where the screen has room for one. */
  choose(channel) {
    for (const cell of this.#table.querySelectorAll("[data-channel]")) cell.classList.toggle("other", cell.dataset.channel !== channel);
  }

  /** Opens the types of a category and goes there. */
  reveal(category) {
    const body = [...this.#table.tBodies].find(({ id }) => id === category);
    if (!body) return;
    body.querySelector(".expand").click();
    body.scrollIntoView({ block: "center" });
    body.querySelector(".expand").focus({ preventScroll: true });
  }

  draw() {
    for (const cell of this.#cells) cell();
  }

  #mark(cell, channel) {
    cell.dataset.channel = channel;
    return cell;
  }

  #category(category, notices) {
    const types = notices.map((notice) => this.#type(notice));
    const sign = h("button", { class: "expand", type: "button", "aria-expanded": "false" }, icon("chevron"), h("span", {}, name("category", category)));
    for (const row of types) row.hidden = true;
    sign.addEventListener("click", () => {
      const isOpen = sign.getAttribute("aria-expanded") === "false";
      sign.setAttribute("aria-expanded", String(isOpen));
      for (const row of types) row.hidden = !isOpen;
    });
    const cell = (channel) => {
      const uses = notices.some((notice) => freedom(channel, notice) !== "never");
      const free = notices.some((notice) => freedom(channel, notice) === "open");
      if (!uses) return this.#fixed("never");
      return free ? this.#levelCell(channel, category) : this.#fixed("always");
    };
    const own = this.#row(sign, "", category, cell);
    return h("tbody", { id: category }, own, ...types);
  }

  #type(notice) {
    const about = [
      notice.mandatory && h("span", { class: "chip" }, icon("lock"), t("matrix.mandatory")),
      notice.digestible && h("span", { class: "chip plain" }, t("matrix.digestible")),
    ].filter(Boolean);
    const cell = (channel) => {
      const how = freedom(channel, notice);
      return how === "open" ? this.#typeCell(channel, notice) : this.#fixed(how);
    };
    const row = this.#row(h("span", { class: "type-name" }, name("type", notice.type)), "", notice.type, cell);
    row.classList.add("type");
    row.cells[0].append(...about);
    return row;
  }

  #row(label, text, key, cell) {
    const head = h("th", { scope: "row" }, label, text && h("span", { class: "muted small" }, text));
    return h("tr", { data: { row: String(key) } }, head, ...this.channels.map((channel) => this.#mark(h("td", {}, cell(channel)), channel)));
  }

  #fixed(how) {
    if (how === "never") return h("span", { class: "fixed", title: t("matrix.never") }, h("span", { "aria-hidden": "true" }, "–"), h("span", { class: "quiet" }, t("matrix.never")));
    return h("span", { class: "fixed", title: t("matrix.mandatory.text") }, icon("lock"), t("level.always"));
  }

  /** A choice; `words` gives the words for default, on and off as things stand: null for what is the default anyway. */
  #select(label, where, channel, words) {
    const [usual, on, off] = Object.keys(CHOICES).map((value) => h("option", { value }));
    const select = h("select", { "aria-label": label }, h("optgroup", { label: t("level.default") }, usual), h("optgroup", { label: t("level.own") }, on, off));
    select.addEventListener("change", () => this.#draft.change(withChoice(this.#draft.value, where, channel, CHOICES[select.value])));
    this.#cells.push(() => {
      const [map, key] = where;
      const own = map ? this.#draft.value[map][key] : this.#draft.value.channels;
      const choice = own?.[channel] ?? null;
      select.value = Object.keys(CHOICES).find((one) => CHOICES[one] === choice);
      select.classList.toggle("chosen", choice !== null);
      select.ariaDescription = choice === null ? t("level.default") : t("level.own");
      const said = words();
      [usual.textContent, on.textContent, off.textContent] = [said.default, said.on ?? said.default, said.off ?? said.default];
      on.hidden = said.on === null && choice !== true;
      off.hidden = said.off === null && choice !== false;
    });
    return select;
  }

  #channelCell(channel) {
    const usual = byDefault(channel);
    return this.#select(`${t("matrix.all")}, ${name("channel", channel)}`, [], channel, () => ({
      default: t(`level.${usual}`), on: usual === "everything" ? null : t("level.everything"), off: usual === "nothing" ? null : t("level.nothing"),
    }));
  }

  #levelCell(channel, category) {
    return this.#select(`${name("category", category)}, ${name("channel", channel)}`, ["categories", category], channel, () => ({
      default: t(`level.${ofChannel(this.#draft.value, channel)}`), on: t("level.everything"), off: t("level.nothing"),
    }));
  }

  #typeCell(channel, notice) {
    return this.#select(`${name("type", notice.type)}, ${name("channel", channel)}`, ["types", notice.type], channel, () => ({
      default: t(inherited(this.#draft.value, channel, notice) ? "level.on" : "level.off"), on: t("level.on"), off: t("level.off"),
    }));
  }
}
