"""What providers and devices say of deliveries after they were handed over; it only ever goes forward.

They say it late, in any order and more than once: whatever the order, the row ends the same.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, case, literal, null, or_, select, update

from punctual.delivery import ACCEPTED
from store.engine import Connection
from store.tables import deliveries

_d = deliveries.c

What = Literal["sent", "delivered", "opened", "clicked"]
# Who opened it has it, whatever a server on the way said.
PROVES_ARRIVAL = ("opened", "clicked")
_KEPT = "heard"


@dataclass(frozen=True)
class Recipient:
    """Whom a delivery is for, since when there is one, and when it was made to be sent again after it had failed."""

    user_id: str
    created_at: datetime | None
    retried_at: datetime | None


async def recipients(db: Connection, tenant: str, channel: str, ids: Collection[str]) -> dict[str, Recipient]:
    """Those of `ids` that are deliveries by a channel, with their recipients."""
    query = select(_d.id, _d.user_id, _d.created_at, _d.retried_at)
    rows = await db.execute(query.where(_d.tenant == tenant, _d.channel == channel, _d.id.in_(ids)))
    return {row.id: Recipient(row.user_id, row.created_at, row.retried_at) for row in rows}


async def heard(db: Connection, tenant: str, id_: str, what: What, at: datetime) -> bool:
    """A delivery, and all that it brought along, has come so far; whether there is one that may have.

    Said again, or overtaken by more, it changes nothing but instants that were not known yet, or were later.
    """
    moment = literal(at, _d.at.type)
    before = [
        "planned",
        "unknown",
        *ACCEPTED[: ACCEPTED.index(what)],
        *(["failed"] if what in PROVES_ARRIVAL else []),
    ]
    so_far = _d.outcome == what
    # What waits to be sent once more was sent already, and goes on waiting.
    waits = and_(_d.outcome == "deferred", or_(_d.sent_at.is_(None), _d.carried_by == id_))
    forward = update(deliveries).where(_it(tenant, id_), or_(_d.outcome.in_([*before, what]), waits))
    await db.execute(
        forward.values(
            outcome=what,
            reason=None,
            at=case((so_far, _earliest(_d.at, moment)), else_=moment),
            detail=case((so_far, _d.detail), else_=null()),
            lease_until=None,
        )
    )
    may_have = _d.outcome.in_(["deferred", "failed", *ACCEPTED])
    known = {name: _earliest(_d[name], moment) for name in {"sent_at", f"{what}_at"}}
    found = await db.execute(update(deliveries).where(_it(tenant, id_), may_have).values(**known))
    return bool(found.rowcount)


async def refused(db: Connection, tenant: str, id_: str, detail: str, at: datetime) -> bool:
    """A delivery that seemed accepted, and all that it brought along, never arrived; whether this was news.

    Of several refusals the earliest counts.
    """
    moment = literal(at, _d.at.type)
    beyond = _d.outcome.in_(["planned", "deferred", "unknown", "sent", "delivered"])
    earlier = or_(_d.at > moment, and_(_d.at == moment, _d.detail > detail))
    again = and_(_d.outcome == "failed", _d.reason == "rejected", earlier)
    values = {"outcome": "failed", "reason": "rejected", "detail": detail, "at": moment, "lease_until": None}
    found = await db.execute(update(deliveries).where(_it(tenant, id_), or_(beyond, again)).values(**values))
    return bool(found.rowcount)


async def is_news(db: Connection, tenant: str, id_: str, word: str) -> bool:
    """Whether this is the first time that a provider says `word` of a delivery, which is kept in mind with it."""
    own = and_(_d.tenant == tenant, _d.id == id_)
    progress = await db.scalar(select(_d.progress).where(own).with_for_update())
    known = (progress or {}).get(_KEPT, [])
    if progress is None or word in known:
        return False
    await db.execute(update(deliveries).where(own).values(progress={**progress, _KEPT: sorted([*known, word])}))
    return True


def _earliest(column: ColumnElement[Any], moment: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((column <= moment, column), else_=moment)


def _it(tenant: str, id_: str) -> Any:
    # The tenant stands in both: outside of them SQLite would walk all deliveries of the tenant.
    return or_(and_(_d.tenant == tenant, _d.id == id_), and_(_d.tenant == tenant, _d.carried_by == id_))
