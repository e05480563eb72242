/**
 * `<notification-bell>`: a bell with a badge, a list of notifications, and toasts, for any page.
 *
 *   <script type="module" src="https://punctual.example/bell.js"></script>
 *   <notification-bell src="https://punctual.example" token="…"></notification-bell>
 *
 * Attributes: `src` (where the API is; default: this script's own origin), `token`. Instead of the attribute the
 * property `getToken` may be an async function that gives a fresh token. Events: `notification` (detail: a new one),
 * `unread-count` ({count}), `connection` ({state}), `frame` (every live frame), and `notification-open`
 * ({notification, url}), which a page may cancel to open it its own way.
 */

import { h, icon } from "./bell/dom.js";
import { Inbox } from "./bell/inbox.js";
import { List } from "./bell/list.js";
import { sheet } from "./bell/style.js";
import { Toasts } from "./bell/toasts.js";

const NOTES = {
  offline: "Not connected. Trying again…",
  unauthorized: "The login has expired. New notifications do not arrive.",
};

export class NotificationBell extends HTMLElement {
  static observedAttributes = ["src", "token"];
  #inbox = null;
  #clock = 0;
  #settled = false;
  #count = -1;
  #getToken = null;

  constructor() {
    super();
    if (Object.hasOwn(this, "getToken")) {
      // Set by the page before this script had loaded.
      this.#getToken = this.getToken;
      delete this.getToken;
    }
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
    this.badge = h("span", { class: "badge", part: "badge", hidden: true, "aria-hidden": "true" });
    this.button = h(
      "button",
      { class: "bell", part: "button", type: "button", "aria-haspopup": "dialog", "aria-expanded": "false", "aria-controls": "panel" },
      icon("bell"), this.badge,
    );
    this.readAll = h("button", { class: "quietly", part: "read-all", type: "button" }, "Mark all read");
    const closer = h("button", { class: "shut", part: "close", type: "button", "aria-label": "Close" }, icon("close"));
    this.note = h("div", { class: "note", part: "note", role: "status", hidden: true });
    this.said = h("div", { class: "quiet", role: "status" });
    const open = (item, url, event) => this.#open(item, url, event);
    const read = (item) => void this.#inbox?.markRead(item.id);
    this.list = new List({ open, read, take: (item) => void this.#take(item) });
    this.toasts = new Toasts({ open, take: (item) => this.#take(item) });
    this.panel = h(
      "div",
      { id: "panel", class: "panel", part: "panel", role: "dialog", "aria-labelledby": "heading", tabindex: "-1", hidden: true },
      h("header", { part: "header" }, h("h2", { id: "heading" }, "Notifications"), this.readAll, closer),
      this.note, this.list.element,
    );
    this.shadowRoot.append(this.button, this.panel, this.toasts.element, this.said);
    this.button.addEventListener("click", () => (this.isOpen ? this.close() : this.open()));
    closer.addEventListener("click", () => this.close());
    this.readAll.addEventListener("click", () => void this.#inbox?.markAllRead());
    this.shadowRoot.addEventListener("keydown", (event) => this.#key(event));
    this.addEventListener("focusout", ({ relatedTarget }) => relatedTarget && this.close({ keepFocus: true }));
  }

  /** An async function that gives a token; asked before every request and connection. */
  get getToken() {
    return this.#getToken;
  }

  set getToken(source) {
    this.#getToken = source;
    this.#restart();
  }

  get isOpen() {
    return !this.panel.hidden;
  }

  get unread() {
    return this.#inbox?.unread ?? 0;
  }

  connectedCallback() {
    this.#start();
    document.addEventListener("pointerdown", this.#elsewhere);
  }

  disconnectedCallback() {
    document.removeEventListener("pointerdown", this.#elsewhere);
    this.#stop();
  }

  attributeChangedCallback(_name, before, after) {
    if (before !== after) this.#restart();
  }

  open() {
    if (this.isOpen) return;
    this.panel.hidden = false;
    this.toasts.clear();
    this.button.setAttribute("aria-expanded", "true");
    this.#clock = setInterval(() => this.#draw(), 30_000);
    this.#draw();
    if (!this.list.focus()) this.panel.focus({ preventScroll: true });
  }

  close({ keepFocus = false } = {}) {
    if (!this.isOpen) return;
    this.panel.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    clearInterval(this.#clock);
    this.list.forget();
    if (!keepFocus) this.button.focus();
  }

  #start() {
    if (!this.isConnected || this.#inbox || !(this.#getToken || this.getAttribute("token"))) return;
    const base = new URL(this.getAttribute("src") || new URL(import.meta.url).origin, document.baseURI);
    this.#settled = false;
    this.#count = -1;
    this.#inbox = new Inbox(base, async () => (this.#getToken ? this.#getToken() : this.getAttribute("token")));
    this.#inbox.addEventListener("change", () => this.#draw());
    this.#inbox.addEventListener("notification", ({ detail }) => this.#announce(detail));
    this.#inbox.addEventListener("frame", ({ detail }) => {
      if (detail.notification?.acknowledged_at) this.toasts.settle(detail.notification.id);
      this.#tell("frame", detail);
    });
    this.#inbox.addEventListener("state", ({ detail: state }) => {
      this.#settled ||= state !== "connecting";
      this.#draw();
      this.#tell("connection", { state });
    });
    this.#inbox.open();
    this.#draw();
  }

  #restart() {
    this.#stop();
    this.#start();
  }

  #stop() {
    this.#inbox?.close();
    this.#inbox = null;
    clearInterval(this.#clock);
  }

  #tell(type, detail, cancelable = false) {
    return this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true, cancelable }));
  }

  #draw() {
    const inbox = this.#inbox;
    if (!inbox) return;
    const count = inbox.unread;
    this.badge.textContent = String(count);
    this.badge.hidden = count === 0;
    this.button.setAttribute("aria-label", count ? `Notifications, ${count} unread` : "Notifications");
    this.readAll.disabled = count === 0;
    if (count !== this.#count && inbox.status === "ready") {
      this.#count = count;
      this.#tell("unread-count", { count });
    }
    const note = (this.#settled && NOTES[inbox.connection]) || (inbox.status === "ready" ? inbox.problem : "");
    if (this.note.textContent !== note) this.note.replaceChildren(...(note ? [icon("offline"), note] : []));
    this.note.hidden = !note;
    if (this.isOpen) this.list.draw(inbox);
  }

  #open(item, url, event) {
    void this.#inbox?.markRead(item.id);
    if (!this.#tell("notification-open", { notification: item, url }, true)) event.preventDefault();
    else if (url) this.close({ keepFocus: true });
  }

  /** Why it could not be taken, or null. */
  async #take(item) {
    const problem = (await this.#inbox?.acknowledge(item.id)) ?? null;
    this.said.textContent = problem ? "" : `Acknowledged: ${item.title}`;
    return problem;
  }

  #announce(item) {
    this.#tell("notification", item);
    this.button.classList.remove("ring");
    requestAnimationFrame(() => this.button.classList.add("ring"));
    if (!this.isOpen) this.toasts.show(item);
  }

  #key(event) {
    if (event.key === "Escape" && this.isOpen) {
      event.stopPropagation();
      this.close();
      return;
    }
    if (this.isOpen && this.panel.contains(this.shadowRoot.activeElement)) this.list.key(event);
  }

  #elsewhere = (event) => {
    if (!event.composedPath().includes(this)) this.close({ keepFocus: true });
  };
}

if (!customElements.get("notification-bell")) customElements.define("notification-bell", NotificationBell);
