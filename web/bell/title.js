/** The number of unread before the page's title, and on its icon where it is installed. */

export class TitleBadge {
  #count = 0;
  #prefix = "";
  #watch = new MutationObserver(() => this.#write());

  /** Keeps the number there, also when the page changes its title. */
  start() {
    this.#watch.observe(document.head, { subtree: true, childList: true, characterData: true });
  }

  stop() {
    this.#watch.disconnect();
    this.show(0);
  }

  show(count) {
    if (count === this.#count) return;
    this.#count = count;
    this.#write();
    const done = count ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.();
    done?.catch(() => {});
  }

  #write() {
    const prefix = this.#count ? `(${this.#count}) ` : "";
    const had = this.#prefix && document.title.startsWith(this.#prefix) ? this.#prefix.length : 0;
    const title = prefix + document.title.slice(had);
    this.#prefix = prefix;
    if (document.title !== title) document.title = title;
  }
}
