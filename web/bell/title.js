/** The number of unread before the page's title: one for all bells of a page. */

/** Those who want it there, with their numbers; the first one's is shown. */
const wishes = new Map();
let shown = 0;
let prefix = "";
const watch = new MutationObserver(() => write());

function write() {
  const wanted = shown ? `(${shown}) ` : "";
  const had = prefix && document.title.startsWith(prefix) ? prefix.length : 0;
  const title = wanted + document.title.slice(had);
  prefix = wanted;
  if (document.title !== title) document.title = title;
}

function update() {
  const [count = 0] = wishes.values();
  if (count === shown) return;
  shown = count;
  write();
}

export class TitleBadge {
  /** Keeps the number there, also when the page changes its title. */
  start() {
    if (!wishes.size) watch.observe(document.head, { subtree: true, childList: true, characterData: true });
    wishes.set(this, wishes.get(this) ?? 0);
    update();
  }

  stop() {
    wishes.delete(this);
    if (!wishes.size) watch.disconnect();
    update();
  }

  /** @param {number} count nothing happens before `start` */
  show(count) {
    if (!wishes.has(this)) return;
    wishes.set(this, count);
    update();
  }
}
