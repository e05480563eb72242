"""What waits in the ledger, for the end of quiet hours or for a digest, and the rows that bring it in the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import and_, func, select, update

from punctual.channels import CHANNELS
from punctual.protocol import Ref
from store.engine import Connection
from store.tables import deliveries, notifications, steps

Reason = Literal["quiet_hours", "digest"]

_d = deliveries.c


@dataclass(frozen=True)
class Waiting:
    """A delivery that is put off until `due_at`."""

    id: str
    user_id: str
    channel: str
    kind: str
    entity_id: str
    step_key: str
    notification_id: str
    due_at: datetime


_COLUMNS = [_d[name] for name in Waiting.__dataclass_fields__]


def _waits(tenant: str, reason: Reason) -> Any:
    return and_(_d.tenant == tenant, _d.outcome == "deferred", _d.reason == reason, _d.carried_by.is_(None))


async def of_user(
    db: Connection, tenant: str, user_id: str, reason: Reason, *, due_by: datetime | None = None
) -> list[Waiting]:
    """What waits for somebody, kept from others until the transaction ends; the oldest first."""
    query = select(*_COLUMNS).where(_waits(tenant, reason), _d.user_id == user_id)
    query = query.where(_d.due_at <= due_by) if due_by is not None else query
    rows = await db.execute(query.order_by(_d.at, _d.id).with_for_update())
    return [Waiting(*row) for row in rows]


async def next_end(db: Connection, tenant: str, user_id: str) -> datetime | None:
    """When the first of what somebody's quiet hours hold back is due."""
    query = select(func.min(_d.due_at, type_=_d.due_at.type))
    found: datetime | None = await db.scalar(query.where(_waits(tenant, "quiet_hours"), _d.user_id == user_id))
    return found


async def ends(db: Connection, ref: Ref, step_keys: Sequence[str]) -> dict[str, datetime]:
    """Whose quiet hours hold back some steps, and until when."""
    theirs = and_(_waits(ref.tenant, "quiet_hours"), _of(ref), _d.step_key.in_(step_keys))
    query = select(_d.user_id, func.min(_d.due_at, type_=_d.due_at.type)).where(theirs).group_by(_d.user_id)
    return {row[0]: row[1] for row in await db.execute(query)}


async def carry(db: Connection, tenant: str, ids: Sequence[str], by: str) -> None:
    """From now on these share the fate of the delivery `by`."""
    await db.execute(update(deliveries).where(_d.tenant == tenant, _d.id.in_(ids)).values(carried_by=by))


async def settle(
    db: Connection, tenant: str, ids: Sequence[str], outcome: str, reason: str | None, at: datetime
) -> None:
    """Writes what came of some that wait, without anything being sent."""
    await db.execute(_change(tenant, ids).values(outcome=outcome, reason=reason, at=at))


async def postpone(db: Connection, tenant: str, ids: Sequence[str], reason: Reason, until: datetime) -> None:
    """These go on waiting, perhaps for something else."""
    await db.execute(_change(tenant, ids).values(reason=reason, due_at=until))


async def share(db: Connection, tenant: str, carrier: str, outcome: str, reason: str | None, at: datetime) -> None:
    """What a delivery has brought along, or failed to, ends as it did."""
    brought = and_(_d.tenant == tenant, _d.carried_by == carrier, _d.outcome == "deferred")
    await db.execute(update(deliveries).where(brought).values(outcome=outcome, reason=reason, at=at))


async def share_all(db: Connection, ref: Ref, step_key: str, channel: str) -> None:
    """What the settled deliveries of a step have brought along ends as they did."""
    own = and_(_of(ref), _d.step_key == step_key, _d.channel == channel)
    settled = select(_d.id, _d.outcome, _d.reason, _d.at).where(own, _d.outcome.not_in(("planned", "deferred")))
    for row in await db.execute(settled):
        await share(db, ref.tenant, row.id, row.outcome, row.reason, row.at)


async def pointless_at(db: Connection, tenant: str, carrier: str) -> datetime | None:
    """When nothing of what a delivery brings matters any more; None where something always will."""
    own = and_(_d.tenant == tenant, _d.carried_by == carrier)
    step = and_(
        steps.c.tenant == tenant, steps.c.kind == _d.kind, steps.c.entity_id == _d.entity_id,
        steps.c.key == _d.step_key,
    )  # fmt: skip
    note = and_(notifications.c.tenant == tenant, notifications.c.id == _d.notification_id)
    tables = deliveries.outerjoin(steps, step).outerjoin(notifications, note)
    rows = await db.execute(select(steps.c.announces, notifications.c.expires_at).select_from(tables).where(own))
    ends = [[moment for moment in row if moment is not None] for row in rows]
    return max(map(min, ends)) if ends and all(ends) else None


async def look_again(db: Connection, tenant: str, user_id: str, now: datetime, *, digests: bool) -> bool:
    """Makes what waits for somebody due, because they have chosen anew; whether there is anything.

    With `digests` what waits for one still does.
    """
    due = {"reason": "quiet_hours", "due_at": now}
    waiting = [_waits(tenant, "quiet_hours"), *([] if digests else [_waits(tenant, "digest")])]
    found = [
        (await db.execute(update(deliveries).where(each, _d.user_id == user_id).values(**due))).rowcount
        for each in waiting
    ]
    return any(found)


async def put_off_until(db: Connection, ref: Ref, step_key: str) -> datetime | None:
    """When the first hears of a step by a slow channel, if it is put off for all who may; else None."""
    slow = [name for name, spec in CHANNELS.items() if spec.slow]
    told = and_(
        _of(ref), _d.step_key == step_key, _d.channel.in_(slow), _d.outcome.not_in(("withheld", "superseded"))
    )
    rows = (await db.execute(select(_d.outcome, _d.due_at).where(told))).all()
    put_off = [row.due_at for row in rows if row.outcome == "deferred"]
    return min(put_off) if put_off and len(put_off) == len(rows) else None


def _change(tenant: str, ids: Sequence[str]) -> Any:
    return update(deliveries).where(_d.tenant == tenant, _d.id.in_(ids), _d.outcome == "deferred")


def _of(ref: Ref) -> Any:
    return and_(_d.tenant == ref.tenant, _d.kind == ref.kind, _d.entity_id == ref.id)
