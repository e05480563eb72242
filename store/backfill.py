"""Fills in what older processes did not write: the words that notifications are found by, where deliveries come from.

It belongs to no migration: those keep everybody out while they run, and this takes a while. What it walks through is
read by primary key, some thousands at a time, and what it writes is a few hundred rows in each transaction, so it may
be stopped anywhere and begun again.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import structlog
from sqlalchemy import and_, bindparam, case, func, select, true, tuple_, update

from store import search
from store.engine import AT_ONCE, Connection, Database, parts
from store.tables import deliveries, notifications, steps

log = structlog.get_logger(__name__)

WINDOW = 5000
# What somebody is changing right now is passed over, and looked at once more.
ROUNDS = 3

_d, _n, _s = deliveries.c, notifications.c, steps.c
Key = tuple[str, str]
"""A row's tenant and id."""


async def words(database: Database) -> int:
    """Fills in what is missing in all inboxes; how many notifications can be found that could not before."""
    return await _all(database, _without_words, _fill_words, "search_words_filled")


async def origins(database: Database) -> int:
    """Fills in when deliveries were made, of what type and how urgent; how many more are in reports."""
    return await _all(database, _without_origin, _fill_origins, "deliveries_filled")


async def _all(
    database: Database,
    missing: Callable[[Database], AsyncIterator[list[Key]]],
    fill: Callable[[Connection, Sequence[Key]], Awaitable[int]],
    event: str,
) -> int:
    filled = told = 0
    for _ in range(ROUNDS):
        passed_over = 0
        async for keys in missing(database):
            for part in parts(keys, AT_ONCE):
                async with database.write() as db:
                    count = await fill(db, part)
                filled, passed_over = filled + count, passed_over + len(part) - count
            if filled - told >= WINDOW:
                told = filled
                log.info(event, rows=filled)
        if not passed_over:
            break
    return filled


async def _without_words(database: Database) -> AsyncIterator[list[Key]]:
    """Window by window, in the order of the primary key."""
    after: Key = ("", "")
    lacks = _n.listed if database.is_sqlite else and_(_n.listed, _n.words.is_(None))
    query = select(_n.tenant, _n.id, _n.user_id, lacks.label("lacks")).order_by(_n.tenant, _n.id).limit(WINDOW)
    while True:
        async with database.read() as db:
            rows = (await db.execute(query.where(tuple_(_n.tenant, _n.id) > tuple_(*after)))).all()
            wanted = [(row.tenant, row.user_id, row.id) for row in rows if row.lacks]
            kept = await search.kept(db, wanted)
        yield [(tenant, id_) for tenant, user_id, id_ in wanted if (tenant, user_id, id_) not in kept]
        if len(rows) < WINDOW:
            return
        after = (rows[-1].tenant, rows[-1].id)


async def _fill_words(db: Connection, keys: Sequence[Key]) -> int:
    """How many of these have their words now: not what is gone from its inbox, nor what somebody is changing."""
    query = select(_n.tenant, _n.id, _n.user_id, _n.title, _n.message)
    query = query.where(tuple_(_n.tenant, _n.id).in_(keys), _n.listed == true())
    # Whoever changes an inbox locks its rows in no order, so nobody may wait for us and we for nobody.
    rows = (await db.execute(query.with_for_update(skip_locked=True))).all()
    if db.dialect.name == "sqlite":
        for tenant in {row.tenant for row in rows}:
            texts = [(r.user_id, r.id, search.text_of(r.title, r.message)) for r in rows if r.tenant == tenant]
            await search.add(db, tenant, texts)
    elif rows:
        own = and_(_n.tenant == bindparam("its_tenant"), _n.id == bindparam("its_id"))
        values = [
            {"its_tenant": r.tenant, "its_id": r.id, "tokens": search.tokens(search.text_of(r.title, r.message))}
            for r in rows
        ]
        await db.execute(update(notifications).where(own).values(words=search.VECTOR), values)
    return len(rows)


async def _without_origin(database: Database) -> AsyncIterator[list[Key]]:
    """Window by window, in the order of the primary key."""
    after: Key = ("", "")
    query = select(_d.tenant, _d.id, _d.created_at.is_(None).label("lacks")).order_by(_d.tenant, _d.id).limit(WINDOW)
    while True:
        async with database.read() as db:
            rows = (await db.execute(query.where(tuple_(_d.tenant, _d.id) > tuple_(*after)))).all()
        yield [(row.tenant, row.id) for row in rows if row.lacks]
        if len(rows) < WINDOW:
            return
        after = (rows[-1].tenant, rows[-1].id)


async def _fill_origins(db: Connection, keys: Sequence[Key]) -> int:
    """How many of these are filled in now: not what somebody is changing."""
    wanted = select(_d.tenant, _d.id).where(tuple_(_d.tenant, _d.id).in_(keys), _d.created_at.is_(None))
    rows = (await db.execute(wanted.with_for_update(skip_locked=True))).all()
    note = and_(_n.tenant == _d.tenant, _n.id == _d.notification_id)
    step = and_(_s.tenant == _d.tenant, _s.kind == _d.kind, _s.entity_id == _d.entity_id, _s.key == _d.step_key)
    told = {name: select(_n[name]).where(note).scalar_subquery() for name in ("created_at", "type", "priority")}
    planned = select(_s.type).where(step).scalar_subquery()
    values = {
        "created_at": func.coalesce(told["created_at"], _d.at),
        "sent_at": case((_d.outcome == "sent", _d.at)),
        "type": func.coalesce(told["type"], planned),
        "priority": told["priority"],
    }
    if rows:
        own = tuple_(_d.tenant, _d.id).in_([tuple(row) for row in rows])
        await db.execute(update(deliveries).where(own).values(**values))
    return len(rows)
