"""Deliveries that failed, or of which nobody knows, made to be sent again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, literal, literal_column, select, update

from punctual.protocol import DIGEST, QUIET_HOURS, Ref
from store import reports
from store.engine import Connection, parts
from store.reports import Filter
from store.tables import deliveries, notifications, users

_d, _n, _u = deliveries.c, notifications.c, users.c
RETRYABLE = ("failed", "unknown")
# What its channel, or a provider, has said of it before is not so any more.
_ANEW: dict[str, Any] = {
    "lease_until": None, "detail": None, "sent_at": None, "delivered_at": None, "opened_at": None, "clicked_at": None,
}  # fmt: skip


@dataclass(frozen=True)
class Candidate:
    """A delivery that somebody wants to be sent again; `active` is None where its user is gone."""

    id: str
    user_id: str
    channel: str
    kind: str
    entity_id: str
    step_key: str
    outcome: str
    reason: str | None
    carried_by: str | None
    created_at: datetime | None
    at: datetime
    written: str | None
    """The id of its words, None where they are gone."""
    expires_at: datetime | None
    active: bool | None
    address: str | None

    @property
    def told_at(self) -> datetime:
        return self.created_at or self.at


_OF_OTHERS = {"written": _n.id, "expires_at": _n.expires_at, "active": _u.active, "address": _u.email}
_COLUMNS = [_OF_OTHERS[name] if name in _OF_OTHERS else _d[name] for name in Candidate.__dataclass_fields__]


async def of_ids(db: Connection, tenant: str, ids: Collection[str]) -> list[Candidate]:
    """Those that there are."""
    found: list[Candidate] = []
    for part in parts(sorted(ids)):
        found += [Candidate(*row) for row in await db.execute(_query(tenant).where(_d.id.in_(part)))]
    return found


async def of_filter(
    db: Connection, tenant: str, wanted: Filter, *, before: tuple[datetime, str] | None = None, limit: int
) -> list[Candidate]:
    """The newest first."""
    query = _query(tenant).where(reports.matching(tenant, wanted), reports.after(before))
    rows = await db.execute(query.order_by(_d.created_at.desc(), _d.id.desc()).limit(limit))
    return [Candidate(*row) for row in rows]


async def brought_by(db: Connection, tenant: str, carriers: Collection[str]) -> list[Candidate]:
    """What some deliveries were to bring along and did not, as far as anybody knows."""
    found: list[Candidate] = []
    for part in parts(sorted(carriers)):
        query = _query(tenant).where(_d.carried_by.in_(part), _d.outcome.in_(RETRYABLE))
        found += [Candidate(*row) for row in await db.execute(query)]
    return found


async def send_again(db: Connection, tenant: str, ids: Collection[str], at: datetime) -> set[str]:
    """These are to be sent, with all that they bring along; those of them that were not settled otherwise by now."""
    done: set[str] = set()
    # Nothing came of what had failed, whatever is still said of it; what is unknown may turn out to have arrived.
    over = case((_d.outcome == "failed", literal(at, _d.at.type)), else_=_d.retried_at)
    for part in parts(sorted(ids)):
        values = {**_ANEW, "outcome": "planned", "reason": None, "progress": {}, "due_at": at, "at": at}
        values["retried_at"] = over
        done |= await _change(db, tenant, _d.id.in_(part), values)
    for part in parts(sorted(done)):
        values = {**_ANEW, "outcome": "deferred", "reason": DIGEST, "at": at}
        await _change(db, tenant, _d.carried_by.in_(part), values)
    return done


async def untaken(db: Connection, before: datetime, *, limit: int = 500) -> list[Ref]:
    """Of what is to be sent again since before then, and nobody has begun to send, of all tenants; each once.

    Digests are not among it: they have a schedule.
    """
    # Written out, for a partial index is of use only to whoever asks in its own words.
    again = and_(_d.outcome == literal_column("'planned'"), _d.due_at.is_not(None), _d.due_at < before)
    query = select(_d.tenant, _d.kind, _d.entity_id).where(again, _d.kind != DIGEST).distinct().limit(limit)
    return [Ref(tenant=row[0], kind=row[1], id=row[2]) for row in await db.execute(query)]


async def wait_again(db: Connection, tenant: str, ids: Collection[str], at: datetime) -> set[str]:
    """These wait for their user's quiet hours to be looked at, by themselves, whatever was to bring them before."""
    done: set[str] = set()
    for part in parts(sorted(ids)):
        waits = {"outcome": "deferred", "reason": QUIET_HOURS, "due_at": at, "carried_by": None, "progress": {}}
        done |= await _change(db, tenant, _d.id.in_(part), {**_ANEW, **waits, "at": at})
    return done


async def retire(db: Connection, tenant: str, ids: Collection[str], at: datetime) -> set[str]:
    """Something else will bring what these were to bring."""
    done: set[str] = set()
    for part in parts(sorted(ids)):
        values = {"outcome": "superseded", "reason": "replanned", "at": at, "lease_until": None}
        done |= await _change(db, tenant, _d.id.in_(part), values)
    return done


async def _change(db: Connection, tenant: str, which: Any, values: dict[str, Any]) -> set[str]:
    own = and_(_d.tenant == tenant, which, _d.outcome.in_(RETRYABLE))
    return set((await db.execute(update(deliveries).where(own).values(**values).returning(_d.id))).scalars())


def _query(tenant: str) -> Any:
    note = and_(_n.tenant == _d.tenant, _n.id == _d.notification_id)
    user = and_(_u.tenant == _d.tenant, _u.id == _d.user_id)
    tables = deliveries.outerjoin(notifications, note).outerjoin(users, user)
    return select(*_COLUMNS).select_from(tables).where(_d.tenant == tenant)
