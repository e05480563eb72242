"""What is known by now of deliveries that wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, select

from punctual.delivery import ACCEPTED
from store.engine import Connection, parts
from store.inbox import COLUMNS, Notification
from store.tables import deliveries, notifications, steps

_d, _n, _s = deliveries.c, notifications.c, steps.c
_inbox = deliveries.alias("in_inbox")
REACHED_INBOX = exists(
    select(_inbox.c.id)
    .where(
        *(_inbox.c[name] == _d[name] for name in ("tenant", "kind", "entity_id", "step_key", "user_id")),
        _inbox.c.channel == "inbox",
        _inbox.c.outcome.in_(ACCEPTED),
    )
    .correlate(deliveries)
)
"""Whether what a delivery tells was put into the inbox, be it there or not."""


@dataclass(frozen=True)
class Known:
    """A delivery's words, when its step is pointless, and whether it was put into the inbox, be it there or not."""

    note: Notification | None
    announces: datetime | None
    reached_inbox: bool


async def known(db: Connection, tenant: str, ids: Sequence[str]) -> dict[str, Known]:
    """By the delivery's id; a few hundred are asked for at a time."""
    note = and_(_n.tenant == tenant, _n.id == _d.notification_id)
    step = and_(_s.tenant == tenant, _s.kind == _d.kind, _s.entity_id == _d.entity_id, _s.key == _d.step_key)
    tables = deliveries.outerjoin(notifications, note).outerjoin(steps, step)
    query = select(_d.id, _s.announces, REACHED_INBOX, *COLUMNS).select_from(tables).where(_d.tenant == tenant)
    found: dict[str, Known] = {}
    for part in parts(ids):
        for id_, announces, is_there, *values in await db.execute(query.where(_d.id.in_(part))):
            found[id_] = Known(Notification(*values) if values[0] else None, announces, is_there)
    return found
