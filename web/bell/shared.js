/** The inboxes of this page: all bells of one user and API have one between them. */

import { ownerOf } from "./client.js";
import { Inbox } from "./inbox.js";
import { follow } from "./pushed.js";

const open = new Map();

/**
 * Joins the inbox of the user whom `source.token()` is of, opening it for the first who joins.
 * @param {URL} base where the API is
 * @param {{token: (how?: {fresh: boolean}) => Promise<string|null>, stranger: () => void, isSeen: () => boolean}} source
 * `stranger` is told when its token has become another user's: then it has to leave, and to join again
 * @returns {Promise<{inbox: Inbox, owner: string|null, leave: () => void, speaks: () => boolean}>} `speaks`: whether
 * this one tells of what is new, which one of them does: the first that can be seen
 */
export async function join(base, source) {
  const given = await Promise.resolve(source.token()).catch(() => null);
  const owner = given ? ownerOf(given) : null;
  const key = owner ? `${base.origin} ${owner}` : source;
  const shared = open.get(key) ?? begin(base, key, owner);
  shared.sources.add(source);
  if (shared.sources.size === 1) void shared.inbox.open();
  const leave = () => {
    if (!shared.sources.delete(source) || shared.sources.size) return;
    open.delete(key);
    shared.inbox.close();
  };
  const speaks = () => {
    const all = [...shared.sources];
    return (all.find((one) => one.isSeen()) ?? all[0]) === source;
  };
  return { inbox: shared.inbox, owner, leave, speaks };
}

function begin(base, key, owner) {
  const sources = new Set();
  const token = async (how) => {
    const source = [...sources].at(-1);
    const now = (await source?.token(how)) ?? null;
    if (!now || !owner || ownerOf(now) === owner) return now;
    queueMicrotask(() => source.stranger());
    return null;
  };
  const shared = { inbox: new Inbox(base, token), sources };
  if (base.origin === location.origin) follow(shared.inbox, owner);
  open.set(key, shared);
  return shared;
}
