/**
 * `<notification-bell>`: a bell with a badge, a list of notifications, and toasts, for any page, without a framework.
 *
 *   <script type="module" src="https://punctual.example/bell.js"></script>
 *   <notification-bell src="https://punctual.example" token="…"></notification-bell>
 *
 * Attributes
 *   src               where the API is, by http or https; default: this script's own origin. It has to allow the
 *                     page's origin
 *   token             a token of the user; a fresh one may be set at any time
 *   theme             `light` or `dark`; default: as the system has it
 *   lang              `en` or `hi`; default: the nearest ancestor's, else English
 *   title-badge       keeps `(n) ` before the page's title
 *   inbox-url         where "See all" leads, by http or https; default `/inbox` of `src`; empty: nowhere
 *   preferences-url   where the settings are; default `/preferences` of `src`; empty: nowhere
 *
 * Properties
 *   getToken   instead of `token`: an async function that gives one; asked before every request and connection, and
 *              once more with `{fresh: true}` when what it gave was refused
 *   unread     the number of unread; `version` and `items` of the list as it is shown; `isOpen`
 *   open()     and `close()`: methods; `refresh()` reads the inbox again, which live frames make needless
 *
 * Events, which bubble
 *   notification        detail: one that is new
 *   notification-open   detail: {notification, url}; a page that cancels it opens it its own way
 *   unread-count        detail: {count}
 *   connection          detail: {state}: `connecting`, `live`, `offline` or `unauthorized`; once for each change
 *   missed              the connection was lost, or another try to make it has failed
 *   frame               detail: a live frame, as the API's section on the WebSocket has it
 *
 * Looks: the variables `--punctual-accent`, `-on-accent`, `-surface`, `-hover`, `-fresh`, `-text`, `-muted`, `-line`,
 * `-alert`, `-warn`, `-badge`, `-on-badge`, `-shadow` and `-font`; the parts `button`, `badge`, `panel`, `header`,
 * `heading`, `read-all`, `settings`, `close`, `tabs`, `tab`, `note`, `list`, `item` (with the priority, and `unread`),
 * `open`, `title`, `message`, `meta`, `tag`, `dot`, `tools`, `tool`, `acknowledge`, `acknowledged`, `more`, `empty`,
 * `error`, `undo`, `undo-button`, `footer`, `see-all`, `menu`, `toasts`, `toast` and `dismiss`.
 *
 * Keys in the list: arrows, Home and End move, Enter opens, R marks as read or unread, E archives, S snoozes, Z undoes,
 * Escape closes. All bells of a page, and all tabs of a browser, share one WebSocket per user. Of several bells of a
 * page the first that can be seen pops up and speaks. On the API's own origin they also keep the number on the icon of
 * the installed app, and take away the pushes of what was read.
 */

import { Announcer } from "./bell/announcer.js";
import { Arrivals } from "./bell/arrivals.js";
import { Button } from "./bell/button.js";
import { ownerOf } from "./bell/client.js";
import { webUrl } from "./bell/format.js";
import { Panel } from "./bell/panel.js";
import { join } from "./bell/shared.js";
import { sheet } from "./bell/style.js";
import { TitleBadge } from "./bell/title.js";
import { language, words } from "./bell/words.js";

const OUTAGES = new Set(["offline", "unauthorized"]);

export class NotificationBell extends HTMLElement {
  static observedAttributes = ["src", "token", "lang", "title-badge", "inbox-url", "preferences-url"];
  #shared = null;
  #joining = null;
  #clock = 0;
  #count = -1;
  #getToken = null;
  #say = null;
  #announcer = new Announcer();
  #button = new Button();
  #title = new TitleBadge();
  #panel;
  #arrivals;
  #listening = null;
  #refused = null;

  constructor() {
    super();
    if (Object.hasOwn(this, "getToken")) {
      // Set by the page before this script had loaded.
      this.#getToken = this.getToken;
      delete this.getToken;
    }
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
    const open = (item, url, event) => this.#open(item, url, event);
    this.#panel = new Panel({ announcer: this.#announcer, open, close: () => this.close() });
    this.#arrivals = new Arrivals(this.#announcer, {
      open, take: (item) => this.#panel.doing.take(item), list: () => this.open(), lost: () => this.#button.element.focus(),
    });
    const { toasts } = this.#arrivals;
    this.shadowRoot.append(this.#button.element, this.#panel.element, toasts.element, ...this.#announcer.elements);
    this.#button.element.addEventListener("click", () => (this.isOpen ? this.close() : this.open()));
    this.addEventListener("focusout", ({ relatedTarget }) => relatedTarget && this.close({ keepFocus: true }));
  }

  get getToken() {
    return this.#getToken;
  }

  set getToken(source) {
    this.#getToken = source;
    this.#restart();
  }

  get isOpen() {
    return !this.#panel.element.hidden;
  }

  get unread() {
    return this.#inbox?.unread ?? 0;
  }

  /** The version of the inbox that is shown; -1 before the first. */
  get version() {
    return this.#inbox?.version ?? -1;
  }

  /** What was read of the list, the newest first. */
  get items() {
    return this.#inbox?.items ?? [];
  }

  get #inbox() {
    return this.#shared?.inbox ?? null;
  }

  /** Where the API is; null where `src` is not an address of the web. */
  get #base() {
    return webUrl(this.getAttribute("src") || new URL(import.meta.url).origin);
  }

  connectedCallback() {
    this.#speak();
    void this.#start();
    document.addEventListener("pointerdown", this.#elsewhere);
    if (this.hasAttribute("title-badge")) this.#title.start();
  }

  disconnectedCallback() {
    document.removeEventListener("pointerdown", this.#elsewhere);
    this.#title.stop();
    this.#stop();
  }

  attributeChangedCallback(name, before, after) {
    if (before === after || !this.isConnected) return;
    if (name === "title-badge") {
      if (after === null) this.#title.stop();
      else this.#title.start();
    }
    const isSame = name === "token" && this.#shared?.owner && after && ownerOf(after) === this.#shared.owner;
    if (isSame) void this.#inbox.retry();
    else if (name === "src" || name === "token") this.#restart();
    else this.#speak();
    this.#draw();
  }

  open() {
    if (this.isOpen) return;
    this.#speak();
    this.#panel.element.hidden = false;
    this.#panel.place(this.#button.element);
    this.#button.element.setAttribute("aria-expanded", "true");
    this.#clock = setInterval(() => this.#panel.list.tick(), 30_000);
    this.#draw();
    this.#panel.focus();
    this.#arrivals.toasts.clear();
  }

  /** Reads the inbox again. */
  async refresh() {
    await this.#inbox?.reload();
  }

  close({ keepFocus = false } = {}) {
    if (!this.isOpen) return;
    this.#panel.forget();
    this.#panel.element.hidden = true;
    this.#button.element.setAttribute("aria-expanded", "false");
    clearInterval(this.#clock);
    if (!keepFocus) this.#button.element.focus();
  }

  async #start() {
    if (!this.isConnected || this.#joining) return;
    const base = this.#base;
    if (!base) this.#complain();
    if (!base || !(this.#getToken || this.getAttribute("token"))) return;
    const joining = {};
    this.#joining = joining;
    const token = async (how) => (this.#getToken ? this.#getToken(how) : this.getAttribute("token"));
    const shared = await join(base, { token, stranger: () => this.#restart(), isSeen: () => this.checkVisibility() });
    if (this.#joining !== joining) {
      shared.leave();
      return;
    }
    this.#shared = shared;
    this.#panel.inbox = shared.inbox;
    this.#count = -1;
    this.#listen(shared.inbox);
    this.#draw();
  }

  /** Once for each address, however often it starts. */
  #complain() {
    const src = this.getAttribute("src");
    if (src !== this.#refused) console.error(`<notification-bell>: src is not an http(s) address: ${src}`);
    this.#refused = src;
  }

  #restart() {
    this.#stop();
    void this.#start();
  }

  #stop() {
    this.#joining = null;
    this.#listening?.abort();
    this.#shared?.leave();
    this.#shared = null;
    this.close({ keepFocus: !this.shadowRoot.activeElement });
    this.#arrivals.toasts.clear();
    this.#panel.clear();
    this.#speak();
    this.#title.show(0);
  }

  #listen(inbox) {
    this.#listening = new AbortController();
    const on = (type, does) => inbox.addEventListener(type, does, { signal: this.#listening.signal });
    on("change", () => this.#draw());
    on("arrived", ({ detail: { items, n } }) => this.#arrived(items, n));
    on("announcement", ({ detail }) => this.#shared.speaks() && this.#arrivals.announced(detail));
    on("frame", ({ detail }) => {
      this.#arrivals.heard(detail);
      this.#tell("frame", detail);
    });
    on("state", ({ detail: state }) => {
      this.#draw();
      this.#tell("connection", { state });
    });
    on("missed", () => this.#tell("missed"));
    if (inbox.connection !== "connecting") this.#tell("connection", { state: inbox.connection });
  }

  #tell(type, detail = null, cancelable = false) {
    return this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true, cancelable }));
  }

  /** Puts everything into the language that holds here, and the links to where they lead. */
  #speak() {
    const lang = language(this);
    if (this.#say?.lang !== lang) {
      this.#say = { lang, t: words(lang) };
      this.#panel.speak(this.#say);
      this.#arrivals.speak(this.#say);
    }
    this.#panel.lead(this.#base, { inbox: this.getAttribute("inbox-url"), preferences: this.getAttribute("preferences-url") });
    this.#button.draw(this.unread, this.#say);
  }

  #draw() {
    const inbox = this.#inbox;
    if (!inbox) {
      if (this.isOpen && !this.#base) this.#panel.fail(this.#say.t("misplaced"));
      return;
    }
    const count = inbox.unread;
    this.#speak();
    this.#title.show(count);
    if (inbox.status === "ready" && count !== this.#count) {
      this.#count = count;
      this.#tell("unread-count", { count });
    }
    if (this.isOpen) this.#panel.draw(OUTAGES.has(inbox.connection) ? this.#say.t(inbox.connection) : "");
  }

  #open(item, url, event) {
    const inbox = this.#inbox;
    if (inbox && !item.read_at) void inbox.acts.open(item.id);
    if (!this.#tell("notification-open", { notification: item, url }, true)) event.preventDefault();
    else if (url) this.close({ keepFocus: true });
  }

  #arrived(items, n) {
    for (const item of items) this.#tell("notification", item);
    this.#button.ring();
    if (this.#shared.speaks()) this.#arrivals.arrived(items, n, this.isOpen);
  }

  #elsewhere = (event) => {
    if (!event.composedPath().includes(this)) this.close({ keepFocus: true });
  };
}

if (!customElements.get("notification-bell")) customElements.define("notification-bell", NotificationBell);
