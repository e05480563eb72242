/** What a reader does with notifications: at once on screen, undone there when it is refused, and said with a way back. */

import { confirmed } from "../pages/dialogs.js";
import { notice } from "../pages/notice.js";
import { moment } from "../pages/time.js";
import { explain, t } from "../pages/words.js";
import { unreadOf } from "./unread.js";

const PATH = "/v1/notifications";
const MOST_AT_ONCE = 500;
const OPPOSITE = { read: "unread", unread: "read", archive: "unarchive", unarchive: "archive" };
/** What a bulk act would change. */
const CHANGES = {
  read: (item) => !item.read_at, unread: (item) => item.read_at,
  archive: (item) => !item.archived_at, unarchive: (item) => item.archived_at, delete: () => true,
};

const fail = (error) => notice(explain(error), { bad: true });
const path = (item) => `${PATH}/${encodeURIComponent(item.id)}`;
const now = () => new Date().toISOString();
const isAhead = (iso) => Date.parse(iso) > Date.now();

export class Acts {
  #api;
  #items;
  #does;
  #queue = Promise.resolve();

  /** @param {{done: () => void, back: (ids: string[]) => void}} does told of every act, and of those that are back */
  constructor(api, items, does) {
    this.#api = api;
    this.#items = items;
    this.#does = does;
  }

  read(item, read = !item.read_at) {
    return this.#change(item, { read }, { read_at: read ? now() : null });
  }

  /** Reads one whose link is being followed: told at once, as the page is left in the next moment. */
  follow(item) {
    if (!item.read_at) void this.#change(item, { read: true }, { read_at: now() }, (work) => work());
  }

  async archive(item, archived = !item.archived_at) {
    const done = await this.#change(item, { archived }, { archived_at: archived ? now() : null, snoozed_until: null });
    if (done) notice(t(archived ? "done.archived" : "done.unarchived"), { undo: () => void this.#unarchive(item, done) });
  }

  /** @param {string|null} until null wakes it; throws what the server refuses */
  async snooze(item, until) {
    const done = await this.#inTurn(() => this.#patch(item, { snoozed_until: until }));
    this.#does.done();
    const back = () => void this.snooze(done, item.snoozed_until).then(() => this.#does.back([item.id]), fail);
    notice(until ? t("done.snoozed", { when: moment(until) }) : t("done.woken"), { undo: back });
  }

  wake(item) {
    return this.snooze(item, null).catch(fail);
  }

  async acknowledge(item) {
    try {
      const before = this.#items.known(item.id);
      const done = await this.#api.post(`${path(item)}/acknowledge`);
      this.#items.keep(before, done);
      notice(t("done.acknowledged"));
      if (!done.read_at) await this.read(done, true);
    } catch (error) {
      fail(error);
      await this.#items.refresh();
    }
  }

  async remove(item) {
    const words = { heading: t("delete.one"), text: t("delete.one.text", { title: item.title }), yes: t("act.delete") };
    if (!(await confirmed(words))) return false;
    try {
      await this.#inTurn(() => this.#api.delete(path(item)));
      this.#items.drop([item.id]);
      this.#does.done();
      notice(t("done.deleted", { n: 1 }));
    } catch (error) {
      fail(error);
    }
    return true;
  }

  /** One act for many; asks before it deletes. False: nothing was done. */
  async bulk(items, action) {
    const changing = items.filter(CHANGES[action]);
    if (action === "delete") {
      const words = { heading: t("delete.many", { n: items.length }), text: t("delete.text"), yes: t("act.delete") };
      if (!(await confirmed(words))) return false;
    }
    const ids = changing.map(({ id }) => id);
    if (!(await this.#send(ids, action))) return false;
    const isUndoable = OPPOSITE[action] && ids.length > 0;
    notice(t(`done.${action}.many`, { n: ids.length }), { undo: isUndoable ? () => void this.#undo(changing, action) : undefined });
    return true;
  }

  /** Reads all unread ones that the filter shows, as far down as they go. */
  async readAll(filter) {
    try {
      const { ids, isAll } = await unreadOf(this.#api, filter);
      if (isAll) {
        const body = filter.category ? { category: filter.category } : {};
        await this.#inTurn(() => this.#api.post(`${PATH}/mark-all-read`, body));
        await this.#items.refresh();
        this.#does.done();
      } else if (!(await this.#send(ids, "read"))) return;
      const undo = ids.length ? () => void this.#undo(ids.map((id) => ({ id })), "read") : undefined;
      notice(ids.length ? t("done.read.many", { n: ids.length }) : t("done.read.all"), { undo });
    } catch (error) {
      fail(error);
    }
  }

  async removeRead() {
    const words = { heading: t("delete.read"), text: t("delete.read.text"), yes: t("delete.read.yes") };
    if (!(await confirmed(words))) return;
    try {
      await this.#inTurn(() => this.#api.delete(`${PATH}?status=read`));
      await this.#items.refresh();
      this.#does.done();
      notice(t("done.deleted_read"));
    } catch (error) {
      fail(error);
    }
  }

  /** Back to where it was; the archive had ended a snooze, which begins again while its time is still to come. */
  async #unarchive(item, done) {
    if (item.snoozed_until && isAhead(item.snoozed_until)) await this.snooze(done, item.snoozed_until).catch(fail);
    else void this.archive(done, Boolean(item.archived_at));
    this.#does.back([item.id]);
  }

  async #undo(items, action) {
    const asleep = items.filter((item) => action === "archive" && item.snoozed_until && isAhead(item.snoozed_until));
    const others = items.filter((item) => !asleep.includes(item)).map(({ id }) => id);
    try {
      for (const item of asleep) await this.#inTurn(() => this.#patch(item, { snoozed_until: item.snoozed_until }));
    } catch (error) {
      fail(error);
    }
    await this.#send(others, OPPOSITE[action]);
    this.#does.back(items.map(({ id }) => id));
  }

  async #send(ids, action) {
    let isDone = true;
    try {
      for (let n = 0; n < ids.length; n += MOST_AT_ONCE) {
        await this.#inTurn(() => this.#api.post(`${PATH}/bulk`, { ids: ids.slice(n, n + MOST_AT_ONCE), action }));
      }
      if (action === "delete") this.#items.drop(ids);
    } catch (error) {
      fail(error);
      isDone = false;
    }
    await this.#items.refresh();
    this.#does.done();
    return isDone;
  }

  /** The item after the change, or null when it was refused. */
  async #change(item, body, seen, when = (work) => this.#inTurn(work)) {
    const end = this.#items.begin([item.id], seen);
    try {
      return await when(() => this.#patch(item, body));
    } catch (error) {
      fail(error);
      return null;
    } finally {
      end();
      this.#does.done();
    }
  }

  async #patch(item, body) {
    const before = this.#items.known(item.id);
    const done = await this.#api.patch(path(item), body);
    this.#items.keep(before, done);
    return done;
  }

  /** One after the other, in the order in which they were done here. */
  #inTurn(work) {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => {});
    return done;
  }
}
