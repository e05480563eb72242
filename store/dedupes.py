"""Which of several single events that say the same is told."""

from sqlalchemy import select

from store.engine import Connection, insert
from store.tables import dedupes


async def claim(db: Connection, tenant: str, type_: str, key: str, entity_id: str) -> bool:
    """Whether this event is the one told for its `dedupe_key`: the first to ask is, and stays it."""
    values = {"tenant": tenant, "type": type_, "key": key}
    await db.execute(insert(db, dedupes).values(**values, entity_id=entity_id).on_conflict_do_nothing())
    query = select(dedupes.c.entity_id).filter_by(**values)
    return (await db.scalar(query)) == entity_id
