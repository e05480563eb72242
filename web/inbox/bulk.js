/** The bar of what can be done with the chosen ones. */

import { h } from "/bell/dom.js";
import { icon } from "../pages/icons.js";
import { t } from "../pages/words.js";

const ICONS = { read: "read", unread: "unread", archive: "archive", unarchive: "unarchive", delete: "trash" };
const HIDDEN = { archived: "archive" };

export class Bulk {
  #find;
  #selection;
  #items;
  #doing = false;

  constructor(find, selection, items, acts) {
    this.#find = find;
    this.#selection = selection;
    this.#items = items;
    const act = (name) => {
      const button = h("button", { class: `ghost${name === "delete" ? " danger" : ""}`, type: "button", data: { bulk: name }, title: t(`act.${name}`) }, icon(ICONS[name]), h("span", {}, t(`act.${name}`)));
      button.addEventListener("click", () => void this.#do(acts, name));
      return button;
    };
    const done = h("button", { class: "ghost", type: "button", title: t("bulk.none") }, icon("cross"), h("span", {}, t("bulk.none")));
    done.addEventListener("click", () => this.#end());
    find("bulk-acts").append(...Object.keys(ICONS).map(act), done);
    find("select-all").addEventListener("change", () => selection.all(this.#shown()));
  }

  draw(status) {
    const chosen = this.#selection.ids.size;
    const shown = this.#shown().length;
    this.#find("bulk").hidden = !shown;
    this.#find("bulk").classList.toggle("on", chosen > 0);
    this.#find("bulk-acts").hidden = !chosen;
    this.#find("selected").textContent = chosen ? t("bulk.selected", { n: chosen }) : t("bulk.all");
    this.#find("select-all").checked = chosen > 0 && chosen === shown;
    this.#find("select-all").indeterminate = chosen > 0 && chosen < shown;
    for (const button of this.#find("bulk-acts").querySelectorAll("[data-bulk]")) {
      const { bulk } = button.dataset;
      button.hidden = bulk === HIDDEN[status] || (bulk === "unarchive" && status !== "archived");
    }
  }

  #shown() {
    return this.#items.items.map(({ id }) => id);
  }

  /** The bar's buttons go with the selection, and the focus to what stays. */
  #end() {
    this.#selection.clear();
    const next = this.#shown().length ? this.#find("select-all") : this.#find("tabs").querySelector("[aria-current]");
    next.focus();
  }

  /** The buttons stay as they are meanwhile: one that is disabled would lose the focus to nowhere. */
  async #do(acts, action) {
    if (this.#doing) return;
    this.#doing = true;
    const chosen = this.#items.items.filter(({ id }) => this.#selection.ids.has(id));
    const isDone = await acts.bulk(chosen, action);
    this.#doing = false;
    if (isDone) this.#end();
  }
}
