/** What of the inbox is shown: the address says it, the controls change it. */

import { h } from "/bell/dom.js";
import { icon } from "../pages/icons.js";
import { name, t } from "../pages/words.js";

export const STATUSES = ["all", "unread", "read", "archived", "snoozed"];
const CATEGORIES = [
  "appointments", "follow_ups", "tasks", "tickets", "leads", "customers", "sales",
  "inventory", "payments", "content", "security", "account", "system", "digests",
];
const PRIORITIES = ["urgent", "high", "normal", "low"];
const TYPED_FOR = 250;

const among = (values, value, otherwise) => (values.includes(value) ? value : otherwise);

/** The filter that an address asks for: `{status, category, priority, q}`; what is not known counts as not asked. */
export function fromAddress(search) {
  const asked = new URLSearchParams(search);
  return {
    status: among(STATUSES, asked.get("status"), "all"),
    category: among(CATEGORIES, asked.get("category"), ""),
    priority: among(PRIORITIES, asked.get("priority"), ""),
    q: (asked.get("q") ?? "").trim().slice(0, 200),
  };
}

/** The address's query for a filter; what else the address said stays. */
export function toAddress(filter, search = location.search) {
  const query = new URLSearchParams(search);
  for (const [key, value] of Object.entries(filter)) {
    if (value && value !== "all") query.set(key, value);
    else query.delete(key);
  }
  return query.size ? `?${query}` : location.pathname;
}

/** Fires `change` when another filter is chosen, by a control or by the browser's way back. */
export class Filters extends EventTarget {
  #find;
  #typing = 0;
  value = fromAddress(location.search);

  /** @param {(id: string) => HTMLElement} find */
  constructor(find) {
    super();
    this.#find = find;
    find("clear").append(icon("cross"));
    find("q").before(icon("search"));
    find("tabs").append(...STATUSES.map((status) => this.#tab(status)));
    find("category").append(h("option", { value: "" }, t("inbox.categories")), ...CATEGORIES.map((one) => h("option", { value: one }, name("category", one))));
    find("priority").append(h("option", { value: "" }, t("inbox.priorities")), ...PRIORITIES.map((one) => h("option", { value: one }, name("priority", one))));
    for (const key of ["category", "priority"]) find(key).addEventListener("change", () => this.choose({ [key]: find(key).value }));
    find("q").addEventListener("input", () => this.#typed());
    find("q").addEventListener("keydown", (event) => this.#key(event));
    find("clear").addEventListener("click", () => this.#clear());
    addEventListener("popstate", () => this.#back());
    this.#draw();
  }

  get isNarrow() {
    return Boolean(this.value.category || this.value.priority || this.value.q);
  }

  /** Changes a part of the filter. */
  choose(part, { typing = false } = {}) {
    clearTimeout(this.#typing);
    const next = { ...this.value, ...part };
    if (this.#isSame(next)) return;
    // Letters are not steps that one goes back by: the first one is.
    const write = typing && this.value.q ? "replaceState" : "pushState";
    history[write](null, "", toAddress(next));
    this.#set(next);
  }

  widen() {
    this.choose({ category: "", priority: "", q: "" });
  }

  /** Shows how many are unread on that tab. */
  count(unread) {
    const badge = this.#find("tabs").querySelector(".count");
    badge.textContent = unread || "";
    badge.hidden = !unread;
  }

  #tab(status) {
    const count = status === "unread" ? h("span", { class: "count", hidden: true }) : null;
    const link = h("a", { data: { status }, href: toAddress({ ...this.value, status }) }, t(`status.${status}`), count);
    link.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      this.choose({ status });
    });
    return link;
  }

  #typed() {
    clearTimeout(this.#typing);
    this.#find("clear").hidden = !this.#find("q").value;
    this.#typing = setTimeout(() => this.choose({ q: this.#find("q").value.trim() }, { typing: true }), TYPED_FOR);
  }

  #key(event) {
    if (event.key === "Enter") this.choose({ q: this.#find("q").value.trim() }, { typing: true });
    if (event.key !== "Escape") return;
    event.preventDefault();
    if (this.#find("q").value) this.#clear();
    else this.#find("q").blur();
  }

  #clear() {
    this.#find("q").value = "";
    this.choose({ q: "" });
    this.#draw();
    this.#find("q").focus();
  }

  /** A step to a place within the page is one as well, and changes nothing here. */
  #back() {
    const next = fromAddress(location.search);
    if (!this.#isSame(next)) this.#set(next);
  }

  #isSame(next) {
    return Object.keys(next).every((key) => next[key] === this.value[key]);
  }

  #set(next) {
    this.value = next;
    this.#draw();
    this.dispatchEvent(new Event("change"));
  }

  #draw() {
    const { status, category, priority, q } = this.value;
    for (const tab of this.#find("tabs").children) {
      tab.href = toAddress({ ...this.value, status: tab.dataset.status });
      if (tab.dataset.status === status) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    this.#find("category").value = category;
    this.#find("priority").value = priority;
    if (this.#find("q").value.trim() !== q) this.#find("q").value = q;
    this.#find("clear").hidden = !this.#find("q").value;
  }
}
