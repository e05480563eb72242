"""Makes findable what was written without its words: before search was there, or by processes of that time.

It belongs to no migration: those keep everybody out while they run, and this takes a while. What it walks through is
read by primary key, some thousands at a time, and what it writes is a few hundred rows in each transaction, so it may
be stopped anywhere and begun again.
"""

from collections.abc import AsyncIterator, Sequence

import structlog
from sqlalchemy import and_, bindparam, select, true, tuple_, update

from store import search
from store.engine import AT_ONCE, Connection, Database, parts
from store.tables import notifications

log = structlog.get_logger(__name__)

WINDOW = 5000
# What somebody is changing right now is passed over, and looked at once more.
ROUNDS = 3

_n = notifications.c
Key = tuple[str, str]
"""A notification's tenant and id."""


async def words(database: Database) -> int:
    """Fills in what is missing in all inboxes; how many notifications can be found that could not before."""
    filled = told = 0
    for _ in range(ROUNDS):
        passed_over = 0
        async for keys in _without_words(database):
            for part in parts(keys, AT_ONCE):
                async with database.write() as db:
                    count = await _fill(db, part)
                filled, passed_over = filled + count, passed_over + len(part) - count
            if filled - told >= WINDOW:
                told = filled
                log.info("search_words_filled", notifications=filled)
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


async def _fill(db: Connection, keys: Sequence[Key]) -> int:
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
