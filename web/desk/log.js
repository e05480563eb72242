/** What happens: the live frames, newest first. */

import { h } from "/bell/dom.js";

const MOST = 60;
const MANY_FAILURES = 3;

function changed({ acknowledged_at: taken, read_at: read }) {
  // The later of the two is what has just happened.
  if (taken && !(read > taken)) return "was acknowledged";
  return read ? "was read" : "was changed";
}

const TELL = {
  ready: ({ unread_count }) => ["Connected", `${unread_count} unread`],
  new_notification: ({ notification }) => [notification.title, `${notification.type} · ${notification.priority}`],
  notification_updated: ({ notification }) => [notification.title, changed(notification)],
  notification_deleted: () => ["A notification was deleted", ""],
  unread_count: ({ count }) => ["Unread count", String(count)],
  announcement: ({ notification }) => [notification.title, "announcement"],
  error: ({ code, detail }) => ["Error", `${code}: ${detail}`],
};

const tries = (count) => `${count} ${count === 1 ? "try" : "tries"}`;

function whyNot(failed) {
  if (!failed) return "trying again";
  if (failed < MANY_FAILURES) return `${tries(failed)} failed, trying again`;
  const reason = navigator.onLine
    ? `The server refuses this page's address (${location.origin}, see ALLOWED_ORIGINS) or is not running.`
    : "This device is offline.";
  return `${tries(failed)} failed. ${reason}`;
}

export class Log {
  #root;
  #wasLive = false;
  #outage = null;

  constructor(root) {
    this.#root = root;
    this.#root.append(h("li", { class: "muted", data: { empty: "" } }, "Nothing yet."));
  }

  add(frame) {
    const tell = TELL[frame.type];
    if (tell) this.#line(frame.type, ...tell(frame));
  }

  /** Ends the line of an outage, if there was one. */
  live() {
    if (this.#outage) this.#outage.about.textContent = `back after ${tries(this.#outage.failed + 1)}`;
    this.#outage = null;
    this.#wasLive = true;
  }

  /** Tells of an outage in one line, which counts the tries. */
  missed() {
    // What a connection that was there misses first is itself; every later one is a try that failed.
    this.#outage ??= { failed: this.#wasLive ? -1 : 0, about: this.#line("offline", this.#wasLive ? "Connection lost" : "Cannot connect", "") };
    this.#outage.failed += 1;
    this.#outage.about.textContent = whyNot(this.#outage.failed);
  }

  #line(type, title, about) {
    this.#root.querySelector("[data-empty]")?.remove();
    const time = new Date().toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
    const detail = h("span", { class: "muted small" }, about);
    this.#root.prepend(
      h(
        "li",
        { data: { type } },
        h("time", { class: "muted" }, time),
        h("div", {}, h("span", { class: "log-title", dir: "auto" }, title), detail),
      ),
    );
    while (this.#root.children.length > MOST) this.#root.lastElementChild.remove();
    return detail;
  }
}
