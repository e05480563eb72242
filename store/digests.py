"""Digests: whose is due, and which are still to be sent; of all tenants at once, for one schedule serves them all."""

from datetime import datetime

from sqlalchemy import and_, literal_column, or_, select, tuple_, update

from punctual.protocol import DIGEST, Ref
from store.engine import AT_ONCE, Connection
from store.tables import deliveries, preferences

_d, _p = deliveries.c, preferences.c
# Written out, for a partial index is of use only to whoever asks in its own words.
_TO_SEND = and_(_d.kind == literal_column(f"'{DIGEST}'"), _d.outcome == literal_column("'planned'"))

Cursor = tuple[datetime, str, str]
"""When a digest is due, the tenant, and the user."""


async def due(db: Connection, by: datetime, *, after: Cursor | None = None, limit: int = 100) -> list[Cursor]:
    """Whose digest is due, of all tenants; who has waited longest comes first."""
    place = (_p.digest_at, _p.tenant, _p.user_id)
    query = select(*place).where(_p.digest_at <= by).order_by(*place).limit(limit)
    query = query.where(tuple_(*place) > tuple_(*after)) if after is not None else query
    return [(row.digest_at, row.tenant, row.user_id) for row in await db.execute(query)]


async def open_sends(
    db: Connection, *, since: datetime | None = None, limit: int = 2000
) -> list[tuple[Ref, str, str]]:
    """Ref, key and channel of what is still to be sent, of all tenants; or only of what was written since then."""
    columns = (_d.tenant, _d.entity_id, _d.step_key, _d.channel)
    query = select(*columns).where(_TO_SEND).distinct().order_by(*columns).limit(limit)
    query = query.where(_d.at >= since) if since is not None else query
    rows = await db.execute(query)
    return [(Ref(tenant=row[0], kind=DIGEST, id=row[1]), row[2], row[3]) for row in rows]


async def give_up(db: Connection, channel: str, before: datetime, at: datetime, *, limit: int = AT_ONCE) -> int:
    """Settles what was written before then and never accepted, with what it brings along; how many there were.

    It has failed; what was asked for without an answer is unknown. What somebody is asking for right now stays.
    There may be more where there were `limit`.
    """
    free = or_(_d.lease_until.is_(None), _d.lease_until <= at)
    query = select(_d.tenant, _d.id, _d.lease_until).where(_TO_SEND, _d.channel == channel, _d.at < before, free)
    # What another has locked is being settled or asked for; nobody waits for it here.
    rows = (await db.execute(query.limit(limit).with_for_update(skip_locked=True))).all()
    idle = [(row.tenant, row.id) for row in rows if row.lease_until is None]
    asked = [(row.tenant, row.id) for row in rows if row.lease_until is not None]
    for keys, outcome, reason in ((idle, "failed", "timeout"), (asked, "unknown", "ambiguous")):
        if not keys:
            continue
        own = update(deliveries).where(tuple_(_d.tenant, _d.id).in_(keys))
        await db.execute(own.values(outcome=outcome, reason=reason, at=at, lease_until=None))
        by_them = and_(_d.carried_by.is_not(None), tuple_(_d.tenant, _d.carried_by).in_(keys))
        brought = update(deliveries).where(by_them, _d.outcome == "deferred")
        await db.execute(brought.values(outcome=outcome, reason=reason, at=at))
    return len(rows)
