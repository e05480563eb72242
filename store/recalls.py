"""What was pushed and then snoozed: it waits to be pushed once more, and if it never is, stays what it was.

A delivery that waits though it was accepted before, which its `sent_at` says, is one of these.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, literal_column, null, or_, update

from punctual import channels
from punctual.delivery import ACCEPTED
from store.engine import Connection
from store.inbox import Notification
from store.tables import deliveries

_d = deliveries.c
CHANNELS = frozenset(name for name, spec in channels.CHANNELS.items() if spec.recalls)
# Inboxes are swept once a second: what is pushed then is unread again, and the badge counts it.
_AFTER_THE_SWEEP = timedelta(seconds=2)
WAS_SENT = and_(_d.outcome == literal_column("'deferred'"), _d.sent_at.is_not(None))

_SAID = [(name, _d[f"{name}_at"]) for name in reversed(ACCEPTED)]
_BEFORE: dict[str, Any] = {
    "outcome": case(*((moment.is_not(None), name) for name, moment in _SAID)),
    "reason": null(),
    "at": func.coalesce(*(moment for _, moment in _SAID)),
}


def due(snoozed_until: datetime) -> datetime:
    """When what is snoozed is pushed."""
    return snoozed_until + _AFTER_THE_SWEEP


async def snooze(db: Connection, tenant: str, note: Notification, until: datetime, at: datetime) -> datetime | None:
    """What was pushed of a notification will be once more; when. None: nothing of it was ever accepted.

    What is on its way to be pushed just now stays so.
    """
    fields = {name: getattr(note, name) for name in ("user_id", "kind", "entity_id", "step_key")}
    own = and_(_d.tenant == tenant, *(_d[name] == value for name, value in fields.items()))
    may = or_(_d.outcome.in_(ACCEPTED), and_(WAS_SENT, _d.carried_by.is_(None)))
    waits = {"outcome": "deferred", "reason": "snoozed", "due_at": due(until), "carried_by": None, "at": at}
    pushed = update(deliveries).where(own, _d.channel.in_(CHANNELS), may)
    found = await db.execute(pushed.values(**waits, sent_at=func.coalesce(_d.sent_at, _d.at)))
    return due(until) if found.rowcount else None


async def take_back(db: Connection, tenant: str, user_id: str, ids: Collection[str]) -> None:
    """Of these notifications nothing is pushed once more."""
    theirs = and_(_d.tenant == tenant, _d.user_id == user_id, _d.notification_id.in_(ids))
    waits = update(deliveries).where(theirs, WAS_SENT, _d.carried_by.is_(None))
    await db.execute(waits.values(**_BEFORE))


def ended(outcome: Any, reason: Any, at: Any) -> dict[str, Any]:
    """The columns of a delivery that ends without being sent: what was sent before is again what it was."""
    ends = {"outcome": outcome, "reason": reason, "at": at}
    return {name: case((WAS_SENT, _BEFORE[name]), else_=_typed(name, value)) for name, value in ends.items()}


def _typed(name: str, value: Any) -> Any:
    return value if isinstance(value, ColumnElement) else literal(value, _d[name].type)
