"""What was told, for those who run it and for the person it was for: lists and counts of the ledger.

A message that only passes on one thing that quiet hours held back is that thing's own delivery, and counts as such;
a summary of several is a notification of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select, tuple_

from punctual.channels import CHANNELS
from punctual.delivery import ACCEPTED
from punctual.protocol import QUIET_HOURS
from store.engine import Connection
from store.inbox import Notification
from store.tables import deliveries

_d = deliveries.c
_REPORTED = and_(
    _d.created_at.is_not(None), or_(_d.kind != QUIET_HOURS, _d.type == f"{QUIET_HOURS}.summary")
)  # fmt: skip
RESTING = ("planned", "deferred", "withheld", "superseded", "expired", "failed", "unknown")
"""Outcomes in which a delivery has not been accepted, or not for good."""


@dataclass(frozen=True)
class Filter:
    """Which deliveries; what is None, or empty, narrows nothing. By when its notification was made, from `since` on
    and before `until`."""

    outcomes: tuple[str, ...] = ()
    channel: str | None = None
    type: str | None = None
    priority: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    user_id: str | None = None
    notification_id: str | None = None
    kind: str | None = None
    entity_id: str | None = None


@dataclass(frozen=True)
class Reported:
    """One delivery; its instants are None while nobody has said so."""

    id: str
    user_id: str
    channel: str
    type: str | None
    priority: str | None
    kind: str
    entity_id: str
    step_key: str
    notification_id: str | None
    outcome: str
    reason: str | None
    detail: str | None
    attempts: int
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    opened_at: datetime | None
    clicked_at: datetime | None
    due_at: datetime | None
    at: datetime


@dataclass(frozen=True)
class Count:
    """Deliveries of one type by one channel on one day of UTC, by what has become of them.

    `reached` says for each stage of ACCEPTED how many came at least so far; `resting` how many stand there now, by
    outcome and, where they were withheld, by reason.
    """

    day: str
    type: str | None
    channel: str
    reached: dict[str, int]
    resting: dict[tuple[str, str | None], int]


_COLUMNS = [_d[name] for name in Reported.__dataclass_fields__]


def matching(tenant: str, wanted: Filter) -> ColumnElement[bool]:
    """The condition for what a filter means."""
    equal = {
        name: getattr(wanted, name)
        for name in ("channel", "type", "priority", "user_id", "notification_id", "kind", "entity_id")
    }
    conditions = [_d[name] == value for name, value in equal.items() if value is not None]
    if wanted.outcomes:
        conditions.append(_d.outcome.in_(wanted.outcomes))
    if wanted.since is not None:
        conditions.append(_d.created_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(_d.created_at < wanted.until)
    return and_(_d.tenant == tenant, _REPORTED, *conditions)


def after(position: tuple[datetime, str] | None) -> ColumnElement[bool]:
    """The condition for what comes after a place, the newest first."""
    return tuple_(_d.created_at, _d.id) < tuple_(*position) if position else and_(True)


async def page(
    db: Connection, tenant: str, wanted: Filter, *, before: tuple[datetime, str] | None = None, limit: int = 50
) -> list[Reported]:
    """The newest first; `before` is the instant and the id of the last one of the page above."""
    query = select(*_COLUMNS).where(matching(tenant, wanted), after(before))
    rows = await db.execute(query.order_by(_d.created_at.desc(), _d.id.desc()).limit(limit))
    return [Reported(*row) for row in rows]


async def story(db: Connection, tenant: str, note: Notification) -> list[Reported]:
    """What became of one notification, by channel in their own order."""
    same = [_d[name] == getattr(note, name) for name in ("kind", "entity_id", "step_key", "user_id")]
    rows = await db.execute(select(*_COLUMNS).where(_d.tenant == tenant, *same).order_by(_d.channel))
    rank = {name: place for place, name in enumerate(CHANNELS)}
    return sorted((Reported(*row) for row in rows), key=lambda row: rank.get(row.channel, len(rank)))


async def counts(db: Connection, tenant: str, since: datetime, until: datetime) -> list[Count]:
    """Of all notifications made in a span of time, by day, type and channel."""
    reached = [func.sum(case((_came(stage), 1), else_=0)).label(stage) for stage in ACCEPTED]
    resting = case((_d.outcome.in_(RESTING), _d.outcome)).label("resting")
    reason = case((_d.outcome == "withheld", _d.reason)).label("why")
    day = _day(db).label("day")
    place = (day, _d.type, _d.channel)
    query = select(*place, resting, reason, func.count().label("number"), *reached)
    query = query.where(matching(tenant, Filter(since=since, until=until)))
    rows = (await db.execute(query.group_by(*place, resting, reason).order_by(*place))).all()
    found: dict[tuple[str, str | None, str], Count] = {}
    for row in rows:
        key = (row.day, row.type, row.channel)
        count = found.setdefault(key, Count(*key, reached=dict.fromkeys(ACCEPTED, 0), resting={}))
        for stage in ACCEPTED:
            count.reached[stage] += getattr(row, stage)
        if row.resting is not None:
            count.resting[row.resting, row.why] = row.number
    return list(found.values())


def _came(stage: str) -> ColumnElement[bool]:
    """Whether a delivery came so far, whatever was heard of it after that."""
    beyond: Sequence[str] = ACCEPTED[ACCEPTED.index(stage) :]
    return or_(_d.outcome.in_(beyond), *(_d[f"{name}_at"].is_not(None) for name in beyond))


def _day(db: Connection) -> Any:
    if db.dialect.name == "sqlite":
        return func.date(_d.created_at)
    return func.to_char(func.timezone("UTC", _d.created_at), "YYYY-MM-DD")
