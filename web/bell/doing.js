/** What was asked for in the bell: does it, says so, and offers to take it back. */

import { moment } from "./format.js";
import { why } from "./view.js";

export class Doing {
  #bell;

  /**
   * @param {{inbox: import("./inbox.js").Inbox, say: import("./view.js").Say, which: "all"|"unread", undo: import("./undo.js").Undo,
   * announcer: import("./announcer.js").Announcer, focus: (id?: string) => void}} bell
   */
  constructor(bell) {
    this.#bell = bell;
  }

  get #acts() {
    return this.#bell.inbox.acts;
  }

  /** Read becomes unread, and the other way round. */
  read(item) {
    const read = !item.read_at;
    const did = this.#t(read ? "didRead" : "didUnread");
    const done = this.#acts.setRead(item.id, read);
    // From a list of the unread it has gone, so there is a way back.
    if (read && this.#bell.which === "unread") this.#offer(item, did, done, () => this.#acts.setRead(item.id, false));
    else this.#say(did, done);
  }

  archive(item) {
    const done = this.#acts.archive(item.id);
    this.#offer(item, this.#t("didArchive"), done, () => this.#acts.archive(item.id, false));
  }

  snooze(item, until) {
    const done = this.#acts.snooze(item.id, until);
    const when = moment(until, this.#bell.say.lang);
    this.#offer(item, this.#t("didSnooze", { when }), done, () => this.#acts.snooze(item.id, null));
  }

  readAll() {
    const n = this.#bell.inbox.unread;
    if (!n) return;
    const all = this.#acts.readAll();
    const done = all.then(({ problem }) => problem);
    const back = async () => {
      const { ids } = await all;
      return ids && this.#acts.unreadAgain(ids);
    };
    this.#offer(null, this.#t("didAll", { n }), done, back);
    void all.then(({ ids }) => !ids && this.#bell.undo.withdraw());
  }

  /** Resolves to why it was refused, or null. */
  async take(item) {
    const problem = await this.#acts.acknowledge(item.id);
    this.#bell.announcer.say(problem ? this.#failed(problem) : this.#t("didTake", { title: item.title }));
    return problem;
  }

  #offer(item, did, done, back) {
    const { undo } = this.#bell;
    const goBack = () => {
      this.#say(this.#t("undone"), back());
      this.#bell.focus(item?.id);
    };
    undo.offer(item ? `${did}: ${item.title}` : did, this.#t("undo"), goBack);
    this.#say(`${did}. ${this.#t("undoKey")}`, done);
    void done.then((problem) => problem && undo.withdraw(goBack));
  }

  /** Says what is shown already, and otherwise why it is not so after all. */
  #say(did, done) {
    this.#bell.announcer.say(did);
    void done.then((problem) => problem && this.#bell.announcer.say(this.#failed(problem)));
  }

  #failed(problem) {
    return this.#t("failed", { why: why(problem, this.#bell.say) });
  }

  #t(key, values) {
    return this.#bell.say.t(key, values);
  }
}
