"""What providers and devices say of deliveries after they were handed over; it only ever goes forward."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import and_, func, or_, update

from punctual.delivery import ACCEPTED
from store.engine import Connection
from store.tables import deliveries

_d = deliveries.c

What = Literal["sent", "delivered", "opened", "clicked"]
# Who opened it has it, whatever a server on the way said.
_PROVES_ARRIVAL = ("opened", "clicked")


async def heard(db: Connection, tenant: str, id_: str, what: What, at: datetime) -> bool:
    """A delivery, and all that it brought along, has come so far; whether there is one that may have.

    Said again, or overtaken by more, it changes nothing but the instants that were not known yet.
    """
    before = [
        "planned",
        "unknown",
        *ACCEPTED[: ACCEPTED.index(what)],
        *(["failed"] if what in _PROVES_ARRIVAL else []),
    ]
    known = {name: func.coalesce(_d[name], at) for name in {"sent_at", f"{what}_at"}}
    may_have = _d.outcome.in_(["planned", "deferred", "unknown", "failed", *ACCEPTED])
    found = await db.execute(update(deliveries).where(_it(tenant, id_), may_have).values(**known))
    forward = {"outcome": what, "reason": None, "at": at, "lease_until": None}
    own = and_(_d.tenant == tenant, _d.id == id_, _d.outcome.in_(before))
    brought = and_(_d.tenant == tenant, _d.carried_by == id_, _d.outcome.in_([*before, "deferred"]))
    await db.execute(update(deliveries).where(or_(own, brought)).values(**forward))
    return bool(found.rowcount)


async def refused(db: Connection, tenant: str, id_: str, detail: str, at: datetime) -> bool:
    """A delivery that seemed accepted, and all that it brought along, never arrived; whether there is one."""
    beyond = ["planned", "deferred", "unknown", "sent", "delivered"]
    values = {"outcome": "failed", "reason": "rejected", "detail": detail, "at": at, "lease_until": None}
    found = await db.execute(update(deliveries).where(_it(tenant, id_), _d.outcome.in_(beyond)).values(**values))
    return bool(found.rowcount)


def _it(tenant: str, id_: str) -> Any:
    return and_(_d.tenant == tenant, or_(_d.id == id_, _d.carried_by == id_))
