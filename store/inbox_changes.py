"""What people change in their inboxes, and what time changes.

Whoever changes an inbox locks it first (`inbox.lock`), so that any two changes of one come one after the other.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

from sqlalchemy import and_, select, true, update

from store import recalls, search
from store.engine import Connection
from store.inbox import COLUMNS, STATUSES, Notification, bump, own, unread
from store.tables import inboxes, notifications

_n = notifications.c
T = TypeVar("T")
Action = Literal["read", "unread", "archive", "unarchive"]

_GONE = {"listed": False, "snoozed_until": None, "words": None}


async def act(db: Connection, tenant: str, user_id: str, ids: Collection[str], action: Action, at: datetime) -> int:
    """Does the same to several of the user's own; how many were not so already. What is archived is not snoozed."""
    acts: dict[Action, tuple[Any, dict[str, Any]]] = {
        "read": (_n.read_at.is_(None), {"read_at": at}),
        "unread": (_n.read_at.is_not(None), {"read_at": None}),
        "archive": (_n.archived_at.is_(None), {"archived_at": at, "snoozed_until": None}),
        "unarchive": (_n.archived_at.is_not(None), {"archived_at": None}),
    }
    wanted, values = acts[action]
    changed = update(notifications).where(own(tenant, user_id), _n.id.in_(ids), wanted)
    count = (await db.execute(changed.values(**values))).rowcount
    if count and action in ("read", "archive"):
        await recalls.take_back(db, tenant, user_id, ids)
    return count


async def mark_all_read(db: Connection, tenant: str, user_id: str, category: str | None, at: datetime) -> int:
    """Reads everything unread, or all of one category; how many there were."""
    statement = update(notifications).where(own(tenant, user_id), STATUSES["unread"])
    if category is not None:
        statement = statement.where(_n.category == category)
    return (await db.execute(statement.values(read_at=at))).rowcount


async def remove(db: Connection, tenant: str, user_id: str, ids: Collection[str]) -> int:
    """Takes the user's own out of the inbox for good; how many there were. Repeats of their steps still find them."""
    count = await _remove(db, tenant, and_(own(tenant, user_id), _n.id.in_(ids)))
    if count:
        await recalls.take_back(db, tenant, user_id, ids)
    return count


async def remove_read(db: Connection, tenant: str, user_id: str) -> int:
    """Takes all that the status `read` holds out of the inbox for good; how many there were."""
    return await _remove(db, tenant, and_(own(tenant, user_id), STATUSES["read"]))


async def _remove(db: Connection, tenant: str, which: Any) -> int:
    gone = update(notifications).where(which).values(**_GONE).returning(_n.user_id, _n.id)
    rows = [(row.user_id, row.id) for row in await db.execute(gone)]
    await search.remove(db, tenant, rows)
    return len(rows)


@dataclass(frozen=True)
class Ended:
    """What time has changed in one inbox, and the inbox after it."""

    tenant: str
    user_id: str
    expired: Sequence[str]
    """The ids of what is in it no longer."""
    woken: Sequence[Notification]
    """What was snoozed, and is unread again."""
    unread_count: int
    version: int


def _expired(now: datetime) -> Any:
    return and_(_n.listed == true(), _n.expires_at <= now)


def _woken(now: datetime) -> Any:
    return and_(_n.listed == true(), _n.snoozed_until <= now)


async def is_due(db: Connection, now: datetime) -> bool:
    """Whether time has something to change, in any inbox of any tenant."""
    # The first of each index, whatever a planner thinks of how many there may be before `now`.
    expiring = select(_n.expires_at).where(_n.listed == true(), _n.expires_at.is_not(None)).order_by(_n.expires_at)
    snoozed = select(_n.snoozed_until).where(_n.snoozed_until.is_not(None)).order_by(_n.snoozed_until)
    first = select(*(query.limit(1).scalar_subquery() for query in (expiring, snoozed)))
    return any(instant is not None and instant <= now for instant in (await db.execute(first)).one())


async def end(db: Connection, now: datetime, *, limit: int) -> list[Ended]:
    """Ends snoozes and takes out what has expired, up to `limit` of each, in inboxes that nobody else has locked."""
    due: dict[str, set[str]] = defaultdict(set)
    for which, instant in ((_expired, _n.expires_at), (_woken, _n.snoozed_until)):
        owner = and_(inboxes.c.tenant == _n.tenant, inboxes.c.user_id == _n.user_id)
        query = select(_n.tenant, _n.id).join(inboxes, owner).where(which(now)).order_by(instant).limit(limit)
        for row in await db.execute(query.with_for_update(of=inboxes, skip_locked=True)):
            due[row.tenant].add(row.id)
    return [ended for tenant, ids in sorted(due.items()) for ended in await _end(db, tenant, ids, now)]


async def _end(db: Connection, tenant: str, ids: Collection[str], now: datetime) -> list[Ended]:
    # Asked once more: what was read before the inbox was locked may have been changed meanwhile.
    mine = update(notifications).where(_n.tenant == tenant, _n.id.in_(ids))
    gone = mine.where(_expired(now)).values(**_GONE).returning(_n.user_id, _n.id)
    rows = [(row.user_id, row.id) for row in await db.execute(gone)]
    await search.remove(db, tenant, rows)
    expired = _by_user(rows)
    awake = mine.where(_woken(now)).values(snoozed_until=None, read_at=None).returning(*COLUMNS)
    woken = _by_user((row.user_id, Notification(*row)) for row in await db.execute(awake))
    versions = await bump(db, tenant, {*expired, *woken})
    counts = await unread(db, tenant, versions)
    return [
        Ended(tenant, user_id, expired.get(user_id, ()), woken.get(user_id, ()), counts[user_id], version)
        for user_id, version in versions.items()
    ]


def _by_user(pairs: Iterable[tuple[str, T]]) -> Mapping[str, list[T]]:
    found: dict[str, list[T]] = {}
    for user_id, value in pairs:
        found.setdefault(user_id, []).append(value)
    return found
