/** Which notifications "Mark all read" is about. */

const LARGEST_PAGE = 100;
/** Of so many at most it can be taken back where the server needs no ids. */
const MOST_UNDOABLE = 1_000;
const OF_ITS_OWN = ["archived", "snoozed"];

/**
 * The unread ones that a filter shows. `isAll`: they are all unread of the inbox, or of the category, which the server
 * reads without their ids; then there are no ids where they are very many.
 * @param {import("/static/desk/api.js").Api} api
 * @param {{status: string, category: string, priority: string, q: string}} filter
 * @returns {Promise<{ids: string[], isAll: boolean}>}
 */
export async function unreadOf(api, { status, ...narrow }) {
  const isOwn = OF_ITS_OWN.includes(status);
  const isAll = !isOwn && !narrow.priority && !narrow.q;
  const query = new URLSearchParams({ status: isOwn ? status : "unread", limit: LARGEST_PAGE });
  for (const [key, value] of Object.entries(narrow)) if (value) query.set(key, value);
  const ids = [];
  let page;
  do {
    if (page) query.set("cursor", page.next_cursor);
    page = await api.get(`/v1/notifications?${query}`);
    ids.push(...page.items.filter((item) => !item.read_at).map(({ id }) => id));
  } while (page.next_cursor && !(isAll && ids.length >= MOST_UNDOABLE));
  return { ids: page.next_cursor ? [] : ids, isAll };
}
