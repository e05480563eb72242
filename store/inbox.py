"""Inboxes: lists, counts and changes, each under one version per user."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, func, select, true, tuple_, update

from punctual.protocol import Ref
from store import search
from store.engine import Connection, insert
from store.tables import inboxes, notifications


@dataclass(frozen=True)
class Notification:
    """One person's notification, as the contract's section 6 shows it and a little more."""

    id: str
    user_id: str
    kind: str
    entity_id: str
    step_key: str
    type: str
    category: str
    priority: str
    title: str
    message: str
    action_url: str | None
    action_text: str | None
    actions: list[dict[str, Any]]
    metadata: dict[str, Any]
    listed: bool
    created_at: datetime
    read_at: datetime | None = None
    archived_at: datetime | None = None
    snoozed_until: datetime | None = None
    acknowledged_at: datetime | None = None
    expires_at: datetime | None = None

    def public(self) -> dict[str, Any]:
        """The notification as clients get it."""
        shown = {
            name: getattr(self, name)
            for name in (
                "id",
                "type",
                "category",
                "priority",
                "title",
                "message",
                "action_url",
                "action_text",
                "actions",
            )
        }
        shown["entity"] = {"kind": self.kind, "id": self.entity_id}
        shown["metadata"] = self.metadata
        for name in ("created_at", "read_at", "archived_at", "snoozed_until", "acknowledged_at", "expires_at"):
            moment = getattr(self, name)
            shown[name] = moment.isoformat().replace("+00:00", "Z") if moment else None
        return shown


COLUMNS = [notifications.c[name] for name in Notification.__dataclass_fields__]
_n = notifications.c

# What each `status` of the contract holds. None asks the clock: what time changes is changed by a write.
STATUSES: dict[str, Any] = {
    "all": and_(_n.archived_at.is_(None), _n.snoozed_until.is_(None)),
    "unread": and_(_n.read_at.is_(None), _n.archived_at.is_(None), _n.snoozed_until.is_(None)),
    "read": and_(_n.read_at.is_not(None), _n.archived_at.is_(None), _n.snoozed_until.is_(None)),
    "archived": _n.archived_at.is_not(None),
    "snoozed": and_(_n.snoozed_until.is_not(None), _n.archived_at.is_(None)),
}


def own(tenant: str, user_id: str) -> Any:
    """What is in one user's inbox."""
    return and_(_n.tenant == tenant, _n.user_id == user_id, _n.listed == true())


async def add(db: Connection, tenant: str, rows: Sequence[Notification]) -> set[str]:
    """Writes notifications; one that is already there stays as it is. The users of those that are new."""
    if not rows:
        return set()
    texts = {row.id: search.text_of(row.title, row.message) for row in rows if row.listed}
    values = [{"tenant": tenant, **row.__dict__} for row in rows]
    statement = insert(db, notifications)
    if db.dialect.name == "postgresql":
        statement = statement.values(words=search.VECTOR)
        for value in values:
            value["tokens"] = search.tokens(texts[value["id"]]) if value["listed"] else None
    new = (await db.execute(statement.on_conflict_do_nothing().returning(_n.user_id, _n.id), values)).all()
    await search.add(db, tenant, ((user_id, id_, texts[id_]) for user_id, id_ in new if id_ in texts))
    return {row.user_id for row in new}


async def lock(db: Connection, tenant: str, user_ids: Collection[str]) -> None:
    """Keeps others who change these inboxes out until the transaction ends: two could wait for each other's rows."""
    mine = and_(inboxes.c.tenant == tenant, inboxes.c.user_id.in_(user_ids))
    locking = select(inboxes.c.user_id).where(mine).order_by(inboxes.c.user_id).with_for_update()
    missing = set(user_ids) - {row.user_id for row in await db.execute(locking)}
    if missing:
        # One that does not exist keeps nobody out, and may come to be before our next statement.
        rows = [{"tenant": tenant, "user_id": user_id, "version": 0} for user_id in sorted(missing)]
        await db.execute(insert(db, inboxes).on_conflict_do_nothing(), rows)
        await db.execute(locking)


async def bump(db: Connection, tenant: str, user_ids: Collection[str]) -> dict[str, int]:
    """The next version of each inbox; in one order for all writers, so that none waits for another in a circle."""
    versions: dict[str, int] = {}
    for user_id in sorted(user_ids):
        statement = insert(db, inboxes).values(tenant=tenant, user_id=user_id, version=1)
        statement = statement.on_conflict_do_update(
            index_elements=["tenant", "user_id"], set_={"version": inboxes.c.version + 1}
        )
        versions[user_id] = int(await db.scalar(statement.returning(inboxes.c.version)))
    return versions


async def version(db: Connection, tenant: str, user_id: str) -> int:
    query = select(inboxes.c.version).where(inboxes.c.tenant == tenant, inboxes.c.user_id == user_id)
    return int(await db.scalar(query) or 0)


async def versions(db: Connection, tenant: str, user_ids: Collection[str]) -> dict[str, int]:
    """The version of each inbox."""
    query = select(inboxes.c.user_id, inboxes.c.version)
    rows = await db.execute(query.where(inboxes.c.tenant == tenant, inboxes.c.user_id.in_(user_ids)))
    return dict.fromkeys(user_ids, 0) | {row.user_id: row.version for row in rows}


async def unread(db: Connection, tenant: str, user_ids: Collection[str]) -> dict[str, int]:
    """How many are unread, for each of `user_ids`."""
    query = (
        select(_n.user_id, func.count())
        .where(_n.tenant == tenant, _n.user_id.in_(user_ids), _n.listed == true(), STATUSES["unread"])
        .group_by(_n.user_id)
    )
    counts = dict.fromkeys(user_ids, 0)
    counts.update({row[0]: row[1] for row in await db.execute(query)})
    return counts


async def page(
    db: Connection,
    tenant: str,
    user_id: str,
    *,
    status: str = "all",
    category: str | None = None,
    type_: str | None = None,
    priority: str | None = None,
    q: str | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[Notification]:
    """The newest first; `before` is (created_at, id) of the last one already seen.

    Each word of `q` begins a word of title or message; a `q` without a letter or digit asks for nothing in
    particular, and narrows nothing.
    """
    query = select(*COLUMNS).where(own(tenant, user_id), STATUSES[status])
    for column, value in ((_n.category, category), (_n.type, type_), (_n.priority, priority)):
        if value is not None:
            query = query.where(column == value)
    if q is not None and (found := search.matching(db, tenant, user_id, q)) is not None:
        query = query.where(found)
    if before is not None:
        query = query.where(tuple_(_n.created_at, _n.id) < tuple_(*before))
    query = query.order_by(_n.created_at.desc(), _n.id.desc()).limit(limit)
    return [Notification(*row) for row in await db.execute(query)]


async def get(db: Connection, tenant: str, user_id: str, ids: Collection[str]) -> list[Notification]:
    """Those of `ids` that are in the user's own inbox."""
    query = select(*COLUMNS).where(own(tenant, user_id), _n.id.in_(ids))
    return [Notification(*row) for row in await db.execute(query)]


async def note(db: Connection, tenant: str, id_: str) -> Notification | None:
    """One notification, listed or not."""
    row = (await db.execute(select(*COLUMNS).where(_n.tenant == tenant, _n.id == id_))).one_or_none()
    return Notification(*row) if row else None


async def of_step(
    db: Connection, tenant: str, kind: str, entity_id: str, step_key: str, *, after: str = "", limit: int = 1000
) -> list[Notification]:
    """What was written for a step, listed or not, by user; from the one `after`."""
    query = select(*COLUMNS).where(
        _n.tenant == tenant, _n.kind == kind, _n.entity_id == entity_id, _n.step_key == step_key, _n.user_id > after
    )
    return [Notification(*row) for row in await db.execute(query.order_by(_n.user_id).limit(limit))]


async def change(db: Connection, tenant: str, user_id: str, ids: Collection[str], **values: Any) -> int:
    """Sets columns (`read_at`, `archived_at`, …) of the user's own; how many there were."""
    result = await db.execute(update(notifications).where(own(tenant, user_id), _n.id.in_(ids)).values(**values))
    return result.rowcount


async def has_any(db: Connection, ref: Ref, step_keys: Collection[str], user_id: str) -> bool:
    """Whether somebody was written to about one of these steps."""
    theirs = and_(_of(ref), _n.step_key.in_(step_keys), _n.user_id == user_id)
    return bool(await db.scalar(select(exists().where(theirs))))


async def readers(
    db: Connection,
    ref: Ref,
    step_keys: Collection[str],
    *,
    since: datetime | None = None,
    among: Collection[str] | None = None,
) -> list[str]:
    """Who was written to about one of these steps, or was since an instant, or who of some was."""
    query = select(_n.user_id).where(_of(ref), _n.step_key.in_(step_keys)).distinct().order_by(_n.user_id)
    query = query.where(_n.created_at >= since) if since is not None else query
    query = query.where(_n.user_id.in_(among)) if among is not None else query
    return list((await db.execute(query)).scalars())


async def acknowledge(
    db: Connection, ref: Ref, step_keys: Collection[str], at: datetime
) -> list[tuple[Notification, int, int]]:
    """Marks what tells of these steps as acknowledged; each with its inbox's unread count and version after it."""
    open_ones = and_(_of(ref), _n.step_key.in_(step_keys), _n.acknowledged_at.is_(None), _n.listed == true())
    people = set((await db.execute(select(_n.user_id).where(open_ones).distinct())).scalars())
    if not people:
        return []
    await lock(db, ref.tenant, people)
    marked = update(notifications).where(open_ones, _n.user_id.in_(people)).values(acknowledged_at=at)
    notes = [Notification(*row) for row in await db.execute(marked.returning(*COLUMNS))]
    notes.sort(key=lambda note: (note.user_id, note.id))
    # A version each, as each is a frame of its own.
    versions = [(await bump(db, ref.tenant, [note.user_id]))[note.user_id] for note in notes]
    counts = await unread(db, ref.tenant, {note.user_id for note in notes})
    return [(note, counts[note.user_id], version) for note, version in zip(notes, versions, strict=True)]


def _of(ref: Ref) -> Any:
    return and_(_n.tenant == ref.tenant, _n.kind == ref.kind, _n.entity_id == ref.id)
