"""What somebody's digest is made of.

All that is counted is the user's own: their unread, and the entities that are assigned to them. What it costs grows
with what one user has, not with the tenant.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import and_, case, exists, false, func, or_, select

from punctual.escalation import Care
from punctual.registry import ENTITIES
from store import inbox
from store.engine import Connection
from store.tables import assignments, entities, notifications, steps

LATE = ("overdue", "escalated", "acknowledged")
ALARMS = ("overdue", "escalation")
DONE = ("appointment.completed", "follow_up.completed", "task.completed", "ticket.resolved", "ticket.closed")
CANCELLED = "appointment.cancelled"
MOST_LINES = 10
MOST_TICKETS = 200
MOST_MESSAGES = 20

_a, _e, _n, _s = (table.c for table in (assignments, entities, notifications, steps))
_closed_by = _e.record[("closing", "type")].as_string()
_closed_at = _e.record[("closing", "mark", 0)].as_string()


@dataclass(frozen=True)
class Open:
    """What is open of a kind: with its deadline still to come today, and behind it."""

    due: int = 0
    overdue: int = 0


@dataclass(frozen=True)
class Figures:
    """What somebody's digest says; `appointments` are the first of today's, as start and title."""

    unread: dict[str, int] = field(default_factory=dict)
    appointments_today: int = 0
    appointments: list[tuple[datetime, str]] = field(default_factory=list)
    open: dict[str, Open] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.unread or self.appointments_today or self.open)


@dataclass(frozen=True)
class Past:
    """What came of a week: how much was done, how much was late, and the usual time to answer."""

    done: int = 0
    late: int = 0
    median_answer_minutes: int | None = None

    def __bool__(self) -> bool:
        return bool(self.done or self.late or self.median_answer_minutes is not None)


async def figures(
    db: Connection, tenant: str, user_id: str, today: tuple[datetime, datetime], now: datetime
) -> Figures:
    """What is unread by category, digests apart, and what is open; `today` is from midnight to midnight.

    Of a ticket the deadline counts that is the next to be missed, and none while its clock stands. What is past its
    deadline is overdue, whether that has been told or not. Of appointments all count that are not cancelled.
    """
    unread = (
        select(_n.category, func.count())
        .where(inbox.own(tenant, user_id), inbox.STATUSES["unread"], _n.category != "digests")
        .group_by(_n.category)
        .order_by(_n.category)
        # SQLite would rather go through all that the user ever had.
        .with_hint(notifications, "INDEXED BY ix_notifications_unread", "sqlite")
    )
    shown = await _appointments(db, tenant, user_id, today)
    return Figures(
        unread={row[0]: row[1] for row in await db.execute(unread)},
        appointments_today=shown[0][2] if shown else 0,
        appointments=[(starts_at, title) for starts_at, title, _ in shown],
        open=await _open(db, tenant, user_id, today[1], now),
    )


async def _appointments(
    db: Connection, tenant: str, user_id: str, today: tuple[datetime, datetime]
) -> list[tuple[datetime, str, int]]:
    """The first of the day with start and title, and how many there are in all."""
    snapshot = _e.record[("latest", "snapshot", "title")].as_string()
    in_the_end = _e.record[("closing", "snapshot", "title")].as_string()
    title = case((_e.state == "closed", in_the_end), else_=snapshot)
    query = (
        select(_e.due_at, title, func.count().over())
        .select_from(_own(tenant, user_id, "appointment"))
        .where(_e.due_at >= today[0], _e.due_at < today[1])
        .where(or_(_e.state != "closed", _closed_by != CANCELLED))
        .order_by(_e.due_at, _e.id)
        .limit(MOST_LINES)
    )
    return [(row[0], row[1] or "", row[2]) for row in await db.execute(query)]


async def _open(db: Connection, tenant: str, user_id: str, end: datetime, now: datetime) -> dict[str, Open]:
    of_ticket = and_(_s.tenant == _e.tenant, _s.kind == _e.kind, _s.entity_id == _e.id, _s.stage == "overdue")
    next_missed = select(func.min(_s.deadline, type_=_s.deadline.type)).where(
        of_ticket, _s.outcome.in_(("planned", "deferred"))
    )
    deadline = case((_e.kind == "ticket", next_missed.correlate(entities).scalar_subquery()), else_=_e.due_at)
    kinds = [kind for kind in ENTITIES if kind != "appointment"]
    mine = (
        select(_e.kind, _e.state, deadline.label("deadline"))
        .select_from(_own(tenant, user_id, *kinds))
        .where(_e.state != "closed")
        .subquery()
        .c
    )
    is_overdue = or_(mine.state.in_(LATE), func.coalesce(mine.deadline <= now, false()))
    overdue = func.sum(case((is_overdue, 1), else_=0))
    due = func.sum(case((is_overdue, 0), (mine.deadline < end, 1), else_=0))
    rows = await db.execute(select(mine.kind, due, overdue).group_by(mine.kind))
    return {row[0]: Open(int(row[1]), int(row[2])) for row in rows if row[1] or row[2]}


async def past(db: Connection, tenant: str, user_id: str, since: datetime, now: datetime) -> Past:
    """What came of the time since then.

    Done is what was completed, resolved or closed, and not what was cancelled or missed. Late is what the user was
    told is overdue and has to do. The usual time to answer is the median, by the clock, of how long it took from
    the user's being told that something is overdue to their acknowledging it, and from a ticket's being opened to
    its first answer, where the user gave it; all of it in this time.
    """
    ended = (_e.state == "closed", _e.updated_at >= since, _closed_at >= _mark(since), _closed_by.in_(DONE))
    done = await db.scalar(select(func.count()).select_from(_own(tenant, user_id)).where(*ended))
    alarms = await _alarms(db, tenant, user_id, since)
    answers = _acknowledged(alarms, user_id, now) + await _first_answers(db, tenant, user_id, since)
    late = {(alarm.kind, alarm.id) for alarm in alarms if alarm.stage == "overdue" and alarm.is_own}
    minutes = round(median(answers) / 60) if answers else None
    return Past(int(done or 0), len(late), minutes)


@dataclass(frozen=True)
class _Alarm:
    """The user was told that something is late."""

    kind: str
    id: str
    stage: str
    at: datetime
    care: Care
    is_own: bool


async def _alarms(db: Connection, tenant: str, user_id: str, since: datetime) -> list[_Alarm]:
    step = and_(_s.tenant == tenant, _s.kind == _n.kind, _s.entity_id == _n.entity_id, _s.key == _n.step_key)
    entity = and_(_e.tenant == tenant, _e.kind == _n.kind, _e.id == _n.entity_id)
    own = exists().where(_a.tenant == tenant, _a.user_id == user_id, _a.kind == _n.kind, _a.entity_id == _n.entity_id)
    query = (
        select(_n.kind, _n.entity_id, _s.stage, _n.created_at, _e.care, own)
        .select_from(notifications.join(steps, step).join(entities, entity))
        .where(_n.tenant == tenant, _n.user_id == user_id, _n.created_at >= since, _s.stage.in_(ALARMS))
        .order_by(_n.created_at)
    )
    rows = await db.execute(query)
    return [_Alarm(row[0], row[1], row[2], row[3], Care.model_validate(row[4]), bool(row[5])) for row in rows]


def _acknowledged(alarms: Sequence[_Alarm], user_id: str, now: datetime) -> list[float]:
    """Seconds to each of the user's acknowledgements, from the first alarm since the one before it."""
    by_entity: dict[tuple[str, str], list[_Alarm]] = {}
    for alarm in alarms:
        by_entity.setdefault((alarm.kind, alarm.id), []).append(alarm)
    found: list[float] = []
    for told in by_entity.values():
        before: datetime | None = None
        for act in told[0].care.acknowledgements:
            first = next((a.at for a in told if a.at <= act.at and (before is None or a.at > before)), None)
            if act.by == user_id and first is not None and act.at <= now:
                found.append((act.at - first).total_seconds())
            before = act.at
    return found


async def _first_answers(db: Connection, tenant: str, user_id: str, since: datetime) -> list[float]:
    """Seconds from the opening of tickets to their first answer, where the user gave it since then.

    Of the tickets that changed last, and of the first of each one's messages.
    """
    query = (
        select(_e.id, _e.record)
        .select_from(_own(tenant, user_id, "ticket"))
        .where(_e.updated_at >= since)
        .order_by(_e.updated_at.desc(), _e.id)
        .limit(MOST_TICKETS)
    )
    tickets = {row.id: row.record for row in await db.execute(query)}
    author, marked = _s.data[("message", "author_id")].as_string(), _s.data[("mark", 0)].as_string()
    place = func.row_number().over(partition_by=_s.entity_id, order_by=marked).label("place")
    said = (
        select(_s.entity_id, _s.data, place)
        .where(_s.tenant == tenant, _s.kind == "ticket", _s.entity_id.in_(tickets), _s.stage == "notice")
        .where(author.is_not(None), marked.is_not(None))
        .subquery("said")
        .c
    )
    events: dict[str, list[dict[str, Any]]] = {}
    for row in await db.execute(select(said.entity_id, said.data).where(said.place <= MOST_MESSAGES)):
        events.setdefault(row.entity_id, []).append(row.data)
    found: list[float] = []
    for id_, told in events.items():
        opened = _snapshot(tickets[id_])
        answers = [event for event in told if _is_answer(event, opened.get("requester_id"))]
        first = min(answers, key=lambda event: event["mark"], default=None)
        if first is not None and first["message"]["author_id"] == user_id and first["mark"][0] >= _mark(since):
            taken = datetime.fromisoformat(first["mark"][0]) - datetime.fromisoformat(opened["opened_at"])
            found.append(max(0.0, taken.total_seconds()))
    return found


def _is_answer(event: dict[str, Any], requester_id: str | None) -> bool:
    author = event["message"]["author_id"]
    return bool(author != requester_id if requester_id else author in event.get("assignee_ids", []))


def _snapshot(record: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (record.get("latest") or record["closing"])["snapshot"]
    return found


def _own(tenant: str, user_id: str, *kinds: str) -> Any:
    """The entities that are assigned to somebody, of some kinds or of all.

    Who is responsible for what is read first, and by itself: SQLite would rather go through all of a tenant's.
    """
    mine = select(_a.tenant, _a.kind, _a.entity_id).where(_a.tenant == tenant, _a.user_id == user_id)
    mine = mine.where(_a.kind.in_(kinds)) if kinds else mine
    own = mine.cte("own").prefix_with("MATERIALIZED")
    is_own = and_(_e.tenant == own.c.tenant, _e.kind == own.c.kind, _e.id == own.c.entity_id)
    return own.join(entities, is_own)


def _mark(moment: datetime) -> str:
    """An instant as the marks of events begin."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
