"""What waits in the ledger, for the end of quiet hours or for a digest, and the rows that bring it in the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import and_, exists, false, func, literal_column, not_, or_, select, union, update

from punctual.channels import CHANNELS
from punctual.protocol import Ref
from store import recalls
from store.engine import Connection
from store.held import REACHED_INBOX
from store.tables import deliveries, notifications, preferences, steps

Reason = Literal["quiet_hours", "digest", "snoozed"]
ALONE: tuple[Reason, ...] = ("quiet_hours", "snoozed")
"""What waits for an instant of its own, at which the workflow of somebody's quiet hours has it sent."""

_d, _n = deliveries.c, notifications.c


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
    sent_at: datetime | None
    """When it was sent before, if it is to be sent once more."""


_COLUMNS = [_d[name] for name in Waiting.__dataclass_fields__]


def _waits(tenant: str, *reasons: Reason) -> Any:
    return and_(_d.tenant == tenant, _d.outcome == "deferred", _d.reason.in_(reasons), _d.carried_by.is_(None))


async def of_user(
    db: Connection, tenant: str, user_id: str, *reasons: Reason, due_by: datetime | None = None
) -> list[Waiting]:
    """What waits for somebody, kept from others until the transaction ends; the oldest first."""
    query = select(*_COLUMNS).where(_waits(tenant, *reasons), _d.user_id == user_id)
    query = query.where(_d.due_at <= due_by) if due_by is not None else query
    rows = await db.execute(query.order_by(_d.at, _d.id).with_for_update())
    return [Waiting(*row) for row in rows]


async def next_end(db: Connection, tenant: str, user_id: str) -> datetime | None:
    """When the first of what somebody's quiet hours hold back, or they have snoozed, is due."""
    query = select(func.min(_d.due_at, type_=_d.due_at.type))
    found: datetime | None = await db.scalar(query.where(_waits(tenant, *ALONE), _d.user_id == user_id))
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
    """Writes what came of some that wait, without anything being sent; what was sent before stays that."""
    await db.execute(_change(tenant, ids).values(**recalls.ended(outcome, reason, at)))


async def postpone(db: Connection, tenant: str, ids: Sequence[str], reason: Reason, until: datetime) -> None:
    """These go on waiting, perhaps for something else."""
    await db.execute(_change(tenant, ids).values(reason=reason, due_at=until))


async def share(db: Connection, tenant: str, carrier: str, outcome: str, reason: str | None, at: datetime) -> None:
    """What a delivery has brought along ends as it did; what it failed to bring once more stays what it was."""
    brought = and_(_d.tenant == tenant, _d.carried_by == carrier, _d.outcome == "deferred")
    sent = {"outcome": "sent", "reason": None, "at": at, "sent_at": func.coalesce(_d.sent_at, at)}
    values = sent if outcome == "sent" else recalls.ended(outcome, reason, at)
    await db.execute(update(deliveries).where(brought).values(**values))


async def share_all(db: Connection, ref: Ref, step_key: str, channel: str) -> None:
    """What the settled deliveries of a step have brought along, or failed to, ends as `share` says."""
    carrier = deliveries.alias()
    of_step = and_(
        carrier.c.tenant == ref.tenant, carrier.c.kind == ref.kind, carrier.c.entity_id == ref.id,
        carrier.c.step_key == step_key, carrier.c.channel == channel,
        carrier.c.outcome.not_in(("planned", "deferred")),
    )  # fmt: skip
    brought = and_(_d.tenant == ref.tenant, _d.outcome == "deferred")
    brought = and_(brought, _d.carried_by.in_(select(carrier.c.id).where(of_step)))
    fates = {
        name: select(carrier.c[name]).where(carrier.c.tenant == ref.tenant, carrier.c.id == _d.carried_by)
        for name in ("outcome", "reason", "at")
    }
    values = recalls.ended(**{name: query.scalar_subquery() for name, query in fates.items()})
    await db.execute(update(deliveries).where(brought).values(**values))


async def is_stale(db: Connection, tenant: str, carrier: str, now: datetime) -> bool:
    """Whether something that a delivery brings was overtaken, seen or put off since it was made, or has expired."""
    note = and_(_n.tenant == tenant, _n.id == _d.notification_id)
    # What was read before it was snoozed is unread again once its snooze has been ended.
    wakes = and_(_d.sent_at.is_not(None), _n.snoozed_until.is_not(None))
    seen = or_(
        _n.archived_at.is_not(None), _n.acknowledged_at.is_not(None), and_(_n.read_at.is_not(None), not_(wakes))
    )
    gone = or_(_n.expires_at <= now, and_(_n.listed == false(), REACHED_INBOX))
    sleeps = and_(_d.channel.in_(recalls.CHANNELS), _n.snoozed_until > now)
    changed = or_(_d.outcome != "deferred", _n.id.is_(None), seen, gone, sleeps)
    query = select(_d.id).select_from(deliveries.outerjoin(notifications, note))
    brought = and_(_d.tenant == tenant, _d.carried_by == carrier)
    return bool(await db.scalar(select(exists(query.where(brought, changed)))))


async def let_go(db: Connection, tenant: str, carrier: str, until: datetime) -> None:
    """What a delivery was to bring waits again, by itself, until then."""
    brought = and_(_d.tenant == tenant, _d.carried_by == carrier, _d.outcome == "deferred")
    waits = {"carried_by": None, "reason": "quiet_hours", "due_at": until}
    await db.execute(update(deliveries).where(brought).values(**waits))


async def put_off(db: Connection, tenant: str, id_: str, reason: Reason, until: datetime) -> None:
    """A delivery that somebody was about to send waits after all."""
    own = and_(_d.tenant == tenant, _d.id == id_, _d.outcome == "planned", _d.reason.is_(None))
    values = {"outcome": "deferred", "reason": reason, "due_at": until, "lease_until": None}
    await db.execute(update(deliveries).where(own).values(**values))


async def forgotten(db: Connection, before: datetime, *, limit: int = 500) -> list[tuple[str, str, str]]:
    """Tenant, user and reason of what should have been looked at before then, of all tenants, each once."""
    waits = and_(_d.outcome == literal_column("'deferred'"), _d.carried_by.is_(None))
    alone = select(_d.tenant, _d.user_id, _d.reason).where(waits, _d.reason.in_(ALONE), _d.due_at < before)
    theirs = and_(preferences.c.tenant == _d.tenant, preferences.c.user_id == _d.user_id)
    no_digest = select(_d.tenant, _d.user_id, _d.reason).select_from(deliveries.outerjoin(preferences, theirs))
    no_digest = no_digest.where(waits, _d.reason == "digest", _d.at < before, preferences.c.digest_at.is_(None))
    rows = await db.execute(union(alone, no_digest).limit(limit))
    return [(row[0], row[1], row[2]) for row in rows]


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
    rows = (await db.execute(select(_d.outcome, _d.due_at, _d.sent_at).where(told))).all()
    put_off = [row.due_at for row in rows if row.outcome == "deferred" and row.sent_at is None]
    return min(put_off) if put_off and len(put_off) == len(rows) else None


def _change(tenant: str, ids: Sequence[str]) -> Any:
    return update(deliveries).where(_d.tenant == tenant, _d.id.in_(ids), _d.outcome == "deferred")


def _of(ref: Ref) -> Any:
    return and_(_d.tenant == ref.tenant, _d.kind == ref.kind, _d.entity_id == ref.id)
