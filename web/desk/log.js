/** What happens: the live frames, newest first. */

import { h } from "/bell/dom.js";

const MOST = 60;

const TELL = {
  ready: ({ unread_count }) => ["Connected", `${unread_count} unread`],
  new_notification: ({ notification }) => [notification.title, `${notification.type} · ${notification.priority}`],
  notification_updated: ({ notification }) => [notification.title, notification.read_at ? "was read" : "was changed"],
  notification_deleted: () => ["A notification was deleted", ""],
  unread_count: ({ count }) => ["Unread count", String(count)],
  announcement: ({ notification }) => [notification.title, "announcement"],
  error: ({ code, detail }) => ["Error", `${code}: ${detail}`],
};

export class Log {
  #root;

  constructor(root) {
    this.#root = root;
    this.#root.append(h("li", { class: "muted", data: { empty: "" } }, "Nothing yet."));
  }

  add(frame) {
    const tell = TELL[frame.type];
    if (tell) this.#line(frame.type, ...tell(frame));
  }

  connection(state) {
    if (state === "offline") this.#line("offline", "Connection lost", "trying again");
  }

  #line(type, title, about) {
    this.#root.querySelector("[data-empty]")?.remove();
    const time = new Date().toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
    this.#root.prepend(
      h(
        "li",
        { data: { type } },
        h("time", { class: "muted" }, time),
        h("div", {}, h("span", { class: "log-title", dir: "auto" }, title), h("span", { class: "muted small" }, about)),
      ),
    );
    while (this.#root.children.length > MOST) this.#root.lastElementChild.remove();
  }
}
