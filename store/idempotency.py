"""What was answered to a request that may come again under the same key, for a day."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, select, update

from store.engine import Connection, insert
from store.tables import idempotency

KEPT = timedelta(days=1)

_i = idempotency.c


@dataclass(frozen=True)
class Before:
    """A request that was answered before: what it asked for, as a digest, and all that was kept of the answer."""

    request: str
    kept: dict[str, Any]


async def begin(db: Connection, tenant: str, key: str, request: str, at: datetime) -> Before | None:
    """None: it is the first with this key, and others wait until the transaction ends. Forgets what is old."""
    await db.execute(delete(idempotency).where(_i.tenant == tenant, _i.at <= at - KEPT))
    row = {"tenant": tenant, "key": key, "request": request, "kept": {}, "at": at}
    new = insert(db, idempotency).values(**row).on_conflict_do_nothing().returning(_i.key)
    if await db.scalar(new) is not None:
        return None
    found = (await db.execute(select(_i.request, _i.kept).where(_i.tenant == tenant, _i.key == key))).one()
    return Before(*found)


async def end(db: Connection, tenant: str, key: str, kept: dict[str, Any]) -> None:
    """Keeps what is to be answered to the same request."""
    await db.execute(update(idempotency).where(and_(_i.tenant == tenant, _i.key == key)).values(kept=kept))
