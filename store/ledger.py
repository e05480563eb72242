"""The delivery ledger: what was to be sent to whom by which channel, and what came of it.

A row is committed as `planned` with a lease before its provider is called. While the lease runs, nobody else sends
it; once it has run out the provider may or may not have had it, and the channel knows whether asking twice is safe.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, exists, func, or_, select, update

from punctual.delivery import ACCEPTED
from punctual.protocol import Ref
from store import recalls
from store.engine import Connection, database_now, insert
from store.tables import deliveries

_d = deliveries.c
ACKNOWLEDGED = "acknowledged"
# What becomes of a row that was overtaken while somebody was asking, and then failed.
_FATE = case((_d.reason == ACKNOWLEDGED, "withheld"), else_="superseded")


@dataclass(frozen=True)
class Delivery:
    id: str
    user_id: str
    channel: str
    step_key: str
    notification_id: str | None
    outcome: str
    reason: str | None
    at: datetime
    attempts: int = 0
    lease_until: datetime | None = None
    progress: dict[str, Any] | None = None
    """What the channel has to remember between attempts, such as the devices already reached."""
    due_at: datetime | None = None
    """Until when it is deferred."""
    type: str | None = None
    priority: str | None = None
    detail: str | None = None
    """What a provider said of it last; no personal data."""
    created_at: datetime | None = None
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    opened_at: datetime | None = None
    clicked_at: datetime | None = None

    def instead_of(self, outcome: str, reason: str | None) -> tuple[str, str | None]:
        """How it ends where it is sent no further: what one of somebody's devices has is sent."""
        return ("sent", None) if (self.progress or {}).get("devices") else (outcome, reason)


@dataclass(frozen=True)
class Fate:
    """What deliveries of a step have in common; `written`: words for their recipients are in the store."""

    channel: str
    outcome: str
    reason: str | None
    written: bool


_COLUMNS = [deliveries.c[name] for name in Delivery.__dataclass_fields__]


def _of(ref: Ref) -> Any:
    return and_(_d.tenant == ref.tenant, _d.kind == ref.kind, _d.entity_id == ref.id)


async def add(db: Connection, ref: Ref, rows: Sequence[Delivery]) -> None:
    """Writes rows; the unique key (recipient, channel, entity, step) lets none in twice."""
    if rows:
        fixed = {"tenant": ref.tenant, "kind": ref.kind, "entity_id": ref.id}
        values = [{**fixed, **row.__dict__, "progress": row.progress or {}, **_began(row)} for row in rows]
        await db.execute(insert(db, deliveries).on_conflict_do_nothing(), values)


def _began(row: Delivery) -> dict[str, Any]:
    return {"created_at": row.created_at or row.at, "sent_at": row.at if row.outcome == "sent" else None}


async def of_entity(db: Connection, ref: Ref) -> list[Delivery]:
    """All deliveries of an entity, by step, user and channel."""
    query = select(*_COLUMNS).where(_of(ref)).order_by(_d.step_key, _d.user_id, _d.channel)
    return [Delivery(*row) for row in await db.execute(query)]


async def has_any(db: Connection, ref: Ref, user_id: str) -> bool:
    """Whether an entity was to be told to somebody, by whatever channel."""
    return bool(await db.scalar(select(exists().where(_of(ref), _d.user_id == user_id))))


async def of_user(db: Connection, tenant: str, user_id: str) -> list[Delivery]:
    """All deliveries to somebody, oldest first."""
    query = select(*_COLUMNS).where(_d.tenant == tenant, _d.user_id == user_id).order_by(_d.at, _d.id)
    return [Delivery(*row) for row in await db.execute(query)]


async def open_channels(db: Connection, ref: Ref, step_key: str) -> list[str]:
    """The channels of a step that still have something to send."""
    query = select(_d.channel).where(_of(ref), _d.step_key == step_key, _d.outcome == "planned").distinct()
    return sorted((await db.execute(query)).scalars())


async def open_sends(db: Connection, ref: Ref) -> list[tuple[str, str]]:
    """Step and channel of all that an entity still has to send."""
    query = select(_d.step_key, _d.channel).where(_of(ref), _d.outcome == "planned", _d.reason.is_(None)).distinct()
    return sorted((row.step_key, row.channel) for row in await db.execute(query))


async def open_rows(db: Connection, ref: Ref, step_key: str, channel: str) -> list[Delivery]:
    """What `channel` still has to send of a step, by recipient."""
    query = select(*_COLUMNS).where(_of(ref), _d.step_key == step_key, _d.channel == channel, _d.outcome == "planned")
    return [Delivery(*row) for row in await db.execute(query.order_by(_d.user_id))]


async def spent(
    db: Connection, tenant: str, user_ids: Sequence[str], channel: str, since: datetime, most: int
) -> frozenset[str]:
    """Those of some users to whom a channel has brought, or is to bring, `most` or more since then."""
    theirs = and_(_d.tenant == tenant, _d.user_id.in_(user_ids), _d.channel == channel, _d.created_at > since)
    told = _d.outcome.in_(["planned", "unknown", *ACCEPTED])
    query = select(_d.user_id).where(theirs, told).group_by(_d.user_id).having(func.count() >= most)
    return frozenset((await db.execute(query)).scalars())


async def claim(db: Connection, tenant: str, id_: str, lease: timedelta) -> tuple[Delivery | None, timedelta | None]:
    """Takes a planned row for `lease` by the database's clock; else how long another holds it, None if it is settled.

    The row as it was before is returned: a `lease_until` in it means that somebody once asked and never said more.
    """
    row = (
        await db.execute(select(*_COLUMNS).where(_d.tenant == tenant, _d.id == id_).with_for_update())
    ).one_or_none()
    # Read after the row's lock: however long that took, the lease has its full length.
    now = await database_now(db)
    if row is None or row.outcome != "planned":
        return None, None
    if row.lease_until and row.lease_until > now:
        return None, row.lease_until - now
    change = update(deliveries).where(_d.tenant == tenant, _d.id == id_)
    if row.reason is not None:
        # Overtaken while somebody asked who never said more: the provider may have it, and must not get it now.
        await db.execute(change.values(outcome="unknown", reason="ambiguous", lease_until=None, at=now))
        return None, None
    await db.execute(change.values(lease_until=now + lease, attempts=_d.attempts + 1, due_at=None))
    return Delivery(*row), None


async def settle(
    db: Connection, tenant: str, id_: str, outcome: str, reason: str | None, at: datetime, progress: dict[str, Any],
    detail: str = "",
) -> None:  # fmt: skip
    """Writes what came of a claimed row. `planned` gives it back, unless the step was overtaken meanwhile."""
    own = and_(_d.tenant == tenant, _d.id == id_, _d.outcome == "planned")
    if outcome == "planned":
        # A reason on a planned row was set by `overtake` while the row was leased.
        await db.execute(
            update(deliveries)
            .where(own, _d.reason.is_(None))
            .values(lease_until=None, progress=progress, detail=detail or None)
        )
        await db.execute(
            update(deliveries).where(own, _d.reason.is_not(None)).values(outcome=_FATE, lease_until=None, at=at)
        )
    else:
        values: dict[str, Any] = {
            "outcome": outcome, "reason": reason, "at": at, "lease_until": None, "progress": progress,
            "detail": detail or None,
        }  # fmt: skip
        if outcome == "sent":
            values["sent_at"] = at
        await db.execute(update(deliveries).where(own).values(**values))


async def overtake(
    db: Connection,
    ref: Ref,
    step_keys: Sequence[str],
    reason: str,
    at: datetime,
    *,
    users: Sequence[str] | None = None,
) -> None:
    """What is still to be sent for some steps, to `users` or to all, no longer is; what is leased, only if it fails.

    It is superseded; withheld, where the reason is that somebody has acknowledged. What was to be sent once more only
    stays what it was.
    """
    of_steps = and_(_of(ref), _d.step_key.in_(step_keys))
    if users is not None:
        of_steps = and_(of_steps, _d.user_id.in_(users))
    stale = and_(of_steps, _d.outcome == "planned", _d.reason.is_(None))
    # What something else brings along is on its way once somebody has tried to send that.
    carrier = deliveries.alias()
    untried = and_(carrier.c.tenant == ref.tenant, carrier.c.id == _d.carried_by, carrier.c.attempts == 0)
    still = or_(_d.carried_by.is_(None), exists(select(carrier.c.id).where(untried)))
    waiting = and_(of_steps, _d.outcome == "deferred", still)
    idle = update(deliveries).where(or_(waiting, and_(stale, _d.lease_until.is_(None))))
    outcome = "withheld" if reason == ACKNOWLEDGED else "superseded"
    await db.execute(idle.values(**recalls.ended(outcome, reason, at)))
    await db.execute(update(deliveries).where(stale, _d.lease_until.is_not(None)).values(reason=reason))


async def reopen(db: Connection, ref: Ref, step_keys: Sequence[str], *, users: Sequence[str]) -> None:
    """What had been overtaken of some steps is to be sent to `users` after all, or waits again."""
    theirs = and_(_of(ref), _d.outcome == "superseded", _d.step_key.in_(step_keys), _d.user_id.in_(users))
    again = update(deliveries).where(theirs, _d.due_at.is_(None))
    await db.execute(again.values(outcome="planned", reason=None, lease_until=None))
    # Whether it still has to wait is decided when its time comes.
    await db.execute(
        update(deliveries).where(theirs, _d.due_at.is_not(None)).values(outcome="deferred", reason="quiet_hours")
    )


async def fates(db: Connection, ref: Ref, step_key: str) -> list[Fate]:
    """What became of a step's deliveries, each combination once."""
    query = select(_d.channel, _d.outcome, _d.reason, _d.notification_id.is_not(None))
    rows = await db.execute(query.where(_of(ref), _d.step_key == step_key).distinct())
    return [Fate(*row) for row in rows]


async def give_up(
    db: Connection, ref: Ref, step_key: str, channel: str, at: datetime, *, expired: bool = False
) -> int:
    """Settles what was never accepted as failed, or as expired; as unknown what was asked for without an answer.

    What has come to one of somebody's devices is sent, though others could not be reached.
    """
    for row in await open_rows(db, ref, step_key, channel):
        fate = row.instead_of("failed", "timeout")
        if fate[0] == "sent":
            await settle(db, ref.tenant, row.id, *fate, at, row.progress or {}, row.detail or "")
    mine = and_(_of(ref), _d.step_key == step_key, _d.channel == channel, _d.outcome == "planned")
    outcome, reason = ("expired", "expired") if expired else ("failed", "timeout")
    failed = update(deliveries).where(mine, _d.lease_until.is_(None))
    count = (await db.execute(failed.values(outcome=outcome, reason=reason, at=at))).rowcount
    unknown = update(deliveries).where(mine).values(outcome="unknown", reason="ambiguous", at=at, lease_until=None)
    return count + (await db.execute(unknown)).rowcount
