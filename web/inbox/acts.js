/** What a reader does with notifications: at once on screen, undone there when it is refused, and said with a way back. */

import { confirmed } from "../pages/dialogs.js";
import { notice } from "../pages/notice.js";
import { moment } from "../pages/time.js";
import { explain, t } from "../pages/words.js";

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

export class Acts {
  #api;
  #items;

  constructor(api, items) {
    this.#api = api;
    this.#items = items;
  }

  read(item, read = !item.read_at) {
    return this.#change(item, { read }, { read_at: read ? now() : null });
  }

  async archive(item, archived = !item.archived_at) {
    const done = await this.#change(item, { archived }, { archived_at: archived ? now() : null });
    // The archive ends a snooze: the way back begins it again.
    const back = () => void (item.snoozed_until ? this.snooze(done, item.snoozed_until).catch(fail) : this.archive(done, !archived));
    if (done) notice(t(archived ? "done.archived" : "done.unarchived"), { undo: back });
  }

  /** @param {string|null} until null wakes it; throws what the server refuses */
  async snooze(item, until) {
    const done = await this.#api.patch(path(item), { snoozed_until: until });
    this.#items.put(done);
    const back = () => void this.snooze(done, item.snoozed_until).catch(fail);
    notice(until ? t("done.snoozed", { when: moment(until) }) : t("done.woken"), { undo: back });
  }

  wake(item) {
    return this.snooze(item, null).catch(fail);
  }

  async acknowledge(item) {
    try {
      const done = await this.#api.post(`${path(item)}/acknowledge`);
      this.#items.put(done);
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
      await this.#api.delete(path(item));
      this.#items.drop([item.id]);
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
    const opposite = OPPOSITE[action];
    notice(t(`done.${action}.many`, { n: ids.length }), { undo: opposite && ids.length ? () => void this.#send(ids, opposite) : undefined });
    return true;
  }

  async readAll(category) {
    try {
      await this.#api.post(`${PATH}/mark-all-read`, category ? { category } : {});
      await this.#items.refresh();
    } catch (error) {
      fail(error);
    }
  }

  async removeRead() {
    const words = { heading: t("delete.read"), text: t("delete.read.text"), yes: t("delete.read.yes") };
    if (!(await confirmed(words))) return;
    try {
      await this.#api.delete(`${PATH}?status=read`);
      await this.#items.refresh();
      notice(t("done.deleted_read"));
    } catch (error) {
      fail(error);
    }
  }

  async #send(ids, action) {
    try {
      for (let n = 0; n < ids.length; n += MOST_AT_ONCE) {
        await this.#api.post(`${PATH}/bulk`, { ids: ids.slice(n, n + MOST_AT_ONCE), action });
      }
    } catch (error) {
      fail(error);
      await this.#items.refresh();
      return false;
    }
    if (action === "delete") this.#items.drop(ids);
    await this.#items.refresh();
    return true;
  }

  /** The item after the change, or null when it was refused. */
  async #change(item, body, seen) {
    this.#items.put({ ...item, ...seen });
    try {
      const done = await this.#api.patch(path(item), body);
      this.#items.put(done);
      return done;
    } catch (error) {
      this.#items.put(item);
      fail(error);
      return null;
    }
  }
}
