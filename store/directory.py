"""The directory: who there is, how to reach them, and whom they answer to."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select

from store.engine import Connection, insert
from store.tables import assignments, deliveries, inboxes, notifications, push_subscriptions, users


@dataclass(frozen=True)
class User:
    id: str
    name: str
    email: str | None
    phone: str | None
    timezone: str
    locale: str
    roles: list[str]
    teams: list[str]
    manager_id: str | None
    active: bool
    metadata: dict[str, Any]


_COLUMNS = [users.c[name] for name in User.__dataclass_fields__]


async def put(db: Connection, tenant: str, people: Iterable[User]) -> None:
    for person in people:
        values = dict(person.__dict__)
        statement = insert(db, users).values(tenant=tenant, **values)
        del values["id"]
        await db.execute(statement.on_conflict_do_update(index_elements=["tenant", "id"], set_=values))


async def get(db: Connection, tenant: str, ids: Collection[str], *, keep: bool = False) -> dict[str, User]:
    """Those of `ids` that exist, by id; with `keep` nobody erases them until the transaction ends."""
    if not ids:
        return {}
    query = select(*_COLUMNS).where(users.c.tenant == tenant, users.c.id.in_(ids)).order_by(users.c.id)
    rows = await db.execute(query.with_for_update(read=True) if keep else query)
    return {row.id: User(*row) for row in rows}


async def page(db: Connection, tenant: str, *, after: str | None, limit: int) -> list[User]:
    query = select(*_COLUMNS).where(users.c.tenant == tenant).order_by(users.c.id).limit(limit)
    return [User(*row) for row in await db.execute(query.where(users.c.id > after) if after else query)]


async def lock(db: Connection, tenant: str) -> None:
    """Keeps other writers of the tenant's directory out until the transaction ends: two could make a circle."""
    if db.dialect.name == "postgresql":
        await db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"directory {tenant}", 0))))


async def managers(db: Connection, tenant: str) -> dict[str, str]:
    """Who answers to whom, for all who answer to somebody."""
    rows = await db.execute(
        select(users.c.id, users.c.manager_id).where(users.c.tenant == tenant, users.c.manager_id.is_not(None))
    )
    return {row.id: row.manager_id for row in rows}


async def erase(db: Connection, tenant: str, user_id: str) -> bool:
    """Deletes the user and all that was written for them; False when there is none."""
    # Whoever writes for them right now is waited for, and whoever comes later finds nobody.
    await db.execute(select(users.c.id).where(users.c.tenant == tenant, users.c.id == user_id).with_for_update())
    for table in (notifications, deliveries, inboxes, push_subscriptions, assignments):
        await db.execute(delete(table).where(table.c.tenant == tenant, table.c.user_id == user_id))
    gone = await db.execute(delete(users).where(users.c.tenant == tenant, users.c.id == user_id))
    return bool(gone.rowcount)
