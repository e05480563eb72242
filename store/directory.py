"""The directory: who there is, how to reach them, and whom they answer to."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, delete, select, union, update

from store import engine, search
from store.engine import Connection, insert
from store.tables import (
    assignments,
    deliveries,
    inboxes,
    memberships,
    notifications,
    preferences,
    push_subscriptions,
    users,
)


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
    """Writes users; in one order for all who lock several, so that none waits for another in a circle."""
    for person in sorted(people, key=lambda person: person.id):
        values = dict(person.__dict__)
        statement = insert(db, users).values(tenant=tenant, **values)
        del values["id"]
        await db.execute(statement.on_conflict_do_update(index_elements=["tenant", "id"], set_=values))
        await _join(db, tenant, person)


async def _join(db: Connection, tenant: str, person: User) -> None:
    """Makes the person's groups exactly those that it names."""
    mine = (memberships.c.tenant == tenant, memberships.c.user_id == person.id)
    wanted = {f"role:{name}" for name in person.roles} | {f"team:{name}" for name in person.teams}
    had = set((await db.execute(select(memberships.c.name).where(*mine))).scalars())
    if had - wanted:
        await db.execute(delete(memberships).where(*mine, memberships.c.name.in_(had - wanted)))
    if wanted - had:
        rows = [{"tenant": tenant, "user_id": person.id, "name": name} for name in sorted(wanted - had)]
        await db.execute(insert(db, memberships).on_conflict_do_nothing(), rows)


async def members(
    db: Connection, tenant: str, names: Collection[str], *, after: str = "", limit: int = 1000
) -> list[str]:
    """The ids of all who are in one of the groups (`role:admin`, `team:north`, `everyone`), in order."""
    if "everyone" in names:
        query = select(users.c.id).where(users.c.tenant == tenant, users.c.id > after)
        return list((await db.execute(query.order_by(users.c.id).limit(limit))).scalars())
    if not names:
        return []
    # One index walk for each group; a user who is in several counts once.
    each = [
        select(memberships.c.user_id)
        .where(memberships.c.tenant == tenant, memberships.c.name == name, memberships.c.user_id > after)
        .order_by(memberships.c.user_id)
        .limit(limit)
        .subquery()
        for name in sorted(names)
    ]
    found = union(*(select(part.c.user_id) for part in each)).subquery()
    query = select(found.c.user_id).order_by(found.c.user_id).limit(limit)
    return list((await db.execute(query)).scalars())


async def members_of_both(db: Connection, tenant: str, first: str, second: str) -> list[str]:
    """The ids of all who are in two groups at once."""
    other = memberships.alias()
    query = select(memberships.c.user_id).join(
        other, and_(other.c.tenant == memberships.c.tenant, other.c.user_id == memberships.c.user_id)
    )
    return list(
        (
            await db.execute(
                query.where(memberships.c.tenant == tenant, memberships.c.name == first, other.c.name == second)
            )
        ).scalars()
    )


async def get(db: Connection, tenant: str, ids: Collection[str], *, keep: bool = False) -> dict[str, User]:
    """Those of `ids` that exist, by id; with `keep` nobody erases them until the transaction ends."""
    if not ids:
        return {}
    query = select(*_COLUMNS).where(users.c.tenant == tenant, users.c.id.in_(ids)).order_by(users.c.id)
    rows = await db.execute(query.with_for_update(read=True) if keep else query)
    return {row.id: User(*row) for row in rows}


async def zone(db: Connection, tenant: str, user_id: str) -> str:
    """Somebody's time zone; UTC for who is not in the directory."""
    query = select(users.c.timezone).where(users.c.tenant == tenant, users.c.id == user_id)
    return await db.scalar(query) or "UTC"


async def page(db: Connection, tenant: str, *, after: str | None, limit: int) -> list[User]:
    query = select(*_COLUMNS).where(users.c.tenant == tenant).order_by(users.c.id).limit(limit)
    return [User(*row) for row in await db.execute(query.where(users.c.id > after) if after else query)]


async def lock(db: Connection, tenant: str) -> None:
    """Keeps other writers of the tenant's directory out until the transaction ends: two could make a circle."""
    await engine.lock(db, f"directory {tenant}")


async def managers(db: Connection, tenant: str) -> dict[str, str]:
    """Who answers to whom, for all who answer to somebody."""
    rows = await db.execute(
        select(users.c.id, users.c.manager_id).where(users.c.tenant == tenant, users.c.manager_id.is_not(None))
    )
    return {row.id: row.manager_id for row in rows}


async def erase(db: Connection, tenant: str, user_id: str) -> bool:
    """Deletes the user and all that was written for them; False when there is none.

    The inbox's version stays, and grows: whoever has seen a later one would not look at an inbox that began anew, and
    an old ETag would one day be right again. Its row holds the user's id and that number, and nothing else.
    """
    # Whoever writes for them right now is waited for, and whoever comes later finds nobody.
    await db.execute(select(users.c.id).where(users.c.tenant == tenant, users.c.id == user_id).with_for_update())
    await search.forget(db, tenant, user_id)
    # The inbox comes first: it is what all who change notifications lock before anything else.
    mine = and_(inboxes.c.tenant == tenant, inboxes.c.user_id == user_id)
    await db.execute(update(inboxes).where(mine).values(version=inboxes.c.version + 1))
    for table in (notifications, deliveries, push_subscriptions, preferences, assignments, memberships):
        await db.execute(delete(table).where(table.c.tenant == tenant, table.c.user_id == user_id))
    gone = await db.execute(delete(users).where(users.c.tenant == tenant, users.c.id == user_id))
    return bool(gone.rowcount)
