/**
 * What this device shows of notifications outside of pages: pushes, of which one that was seen to is taken away, wherever
 * that was; and the number of unread on the app's icon.
 */

import { isUnread } from "./store.js";

/** Where pages of this origin keep whom its pushes are for, as `ownerOf` says it. */
export const KEPT = "punctual-push";

const idOf = ({ data }) => data?.notification_id;
const isSeenTo = (item) => !item || !isUnread(item) || Boolean(item.acknowledged_at);

/** What the service worker of this origin shows of notifications. */
async function shown() {
  const registration = await navigator.serviceWorker?.getRegistration("/").catch(() => null);
  return (await registration?.getNotifications?.().catch(() => [])) ?? [];
}

async function close(which) {
  for (const push of (await shown()).filter(which)) push.close();
}

/** Takes everything away: the browser is somebody else's from now on, or nobody's. */
export const clear = () => close(() => true);

/** Whether this browser's pushes are for somebody else: a tab each may be logged in. */
export function isAnothers(owner) {
  try {
    const kept = localStorage.getItem(KEPT);
    return kept !== null && kept !== owner;
  } catch {
    return false;
  }
}

/** Those of which this page knows nothing are asked for; what cannot be asked for now stays. */
async function closeAllSeen(inbox) {
  if (!inbox.unread) return close(idOf);
  for (const push of (await shown()).filter(idOf)) {
    const isOver = await inbox.look(idOf(push)).then(isSeenTo, () => false);
    if (isOver) push.close();
  }
}

function badge(count) {
  const done = count ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.();
  done?.catch(() => {});
}

/**
 * Follows an inbox as long as it is open.
 * @param {import("./inbox.js").Inbox} inbox of the origin that the page is of: another's pushes are none of it
 * @param {string|null} owner whose it is
 */
export function follow(inbox, owner) {
  inbox.addEventListener("read", () => {
    if (isAnothers(owner)) return;
    badge(inbox.unread);
    void closeAllSeen(inbox);
  });
  inbox.addEventListener("frame", ({ detail: { type, id, notification: item, unread_count: unread } }) => {
    // Of what a bulk change was about the inbox is read anew.
    if (!Number.isInteger(unread) || isAnothers(owner)) return;
    badge(unread);
    if (!unread) void close(idOf);
    else if (type === "notification_deleted") void close((push) => idOf(push) === id);
    else if (type === "notification_updated" && isSeenTo(item)) void close((push) => idOf(push) === item.id);
  });
}
