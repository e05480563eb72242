"""The ledger for those who run it: `/v1/admin/deliveries`, and sending again what failed."""

from collections.abc import Sequence
from dataclasses import astuple
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import AfterValidator, Field, StringConstraints, model_validator

from api import retrying
from api.answers import documented
from api.bodies import StrictRoute
from api.cursors import Pages
from api.deps import Admin, Cursor, Limit, Ours, Temporal, iso, now
from api.gateway import Unavailable
from api.idempotency import IdempotencyKey, digest, used_otherwise
from api.identity import Caller
from api.spans import When, in_order
from punctual.preferences import known_channel
from punctual.wire import ID_PATTERN, Id, Strict
from resources import Resources
from store import idempotency, reports, retries
from store.engine import Connection
from store.reports import Filter, Reported
from store.retries import Candidate

router = APIRouter(prefix="/v1/admin/deliveries", route_class=StrictRoute, tags=["admin"])

AT_ONCE = 1000
"""So many are sent again by one request."""
_NAME = r"^[a-z_.]{1,64}$"

Outcome = Literal[
    "planned", "sent", "delivered", "opened", "clicked", "deferred", "withheld", "superseded", "skipped", "expired",
    "failed", "unknown",
]  # fmt: skip
Priority = Literal["low", "normal", "high", "urgent"]
NameQuery = Annotated[str | None, Query(pattern=_NAME)]
IdQuery = Annotated[str | None, Query(pattern=ID_PATTERN)]
Name = Annotated[str, StringConstraints(pattern=_NAME)]
ChannelName = Annotated[str, AfterValidator(known_channel)]


def _filter(
    outcome: Outcome | None = None,
    channel: Annotated[ChannelName | None, Query()] = None,
    type: NameQuery = None,
    priority: Priority | None = None,
    since: Annotated[When | None, Query(alias="from")] = None,
    until: Annotated[When | None, Query(alias="to")] = None,
    user: IdQuery = None,
    notification_id: IdQuery = None,
    kind: NameQuery = None,
    entity_id: IdQuery = None,
) -> Filter:
    in_order(since, until)
    outcomes = (outcome,) if outcome else ()
    return Filter(outcomes, channel, type, priority, since, until, user, notification_id, kind, entity_id)


class Wanted(Strict):
    """Which of those that failed, or that nobody knows of where it says so: the fields of the list's query.

    What is `planned` has not gone out yet; only its workflow is told once more.
    """

    outcome: Literal["failed", "unknown", "planned"] = "failed"
    channel: ChannelName | None = None
    type: Name | None = None
    priority: Priority | None = None
    since: Annotated[When | None, Field(alias="from")] = None
    until: Annotated[When | None, Field(alias="to")] = None
    user: Id | None = None
    notification_id: Id | None = None
    kind: Name | None = None
    entity_id: Id | None = None

    @property
    def filter(self) -> Filter:
        return Filter(
            (self.outcome,), self.channel, self.type, self.priority, self.since, self.until, self.user,
            self.notification_id, self.kind, self.entity_id,
        )  # fmt: skip


class Retry(Strict):
    """What to send again: either `ids`, or a `filter` with the `cursor` that an answer before has named."""

    ids: Annotated[list[Id], Field(min_length=1, max_length=AT_ONCE)] | None = None
    filter: Wanted | None = None
    cursor: Annotated[str, StringConstraints(max_length=1000)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "Retry":
        if (self.ids is None) == (self.filter is None):
            raise ValueError("must have either ids or filter")
        if self.cursor is not None and self.filter is None:
            raise ValueError("must have a filter where it has a cursor")
        return self


class Entity(Strict):
    """What it tells of."""

    kind: str
    id: str


class Way(Strict):
    """What became of a notification by one channel; `due_at`: until when it is deferred."""

    channel: str
    outcome: Outcome
    reason: str | None
    detail: str | None
    created_at: str | None
    sent_at: str | None
    delivered_at: str | None
    opened_at: str | None
    clicked_at: str | None
    due_at: str | None
    at: str


class Delivery(Way):
    """One notification on its way to one person by one channel."""

    id: str
    user_id: str
    type: str | None
    priority: str | None
    entity: Entity
    step_key: str
    notification_id: str | None
    attempts: int
    created_at: str


class Deliveries(Strict):
    """Part of the list."""

    items: list[Delivery]
    next_cursor: str | None


class Refused(Strict):
    """One that is not sent again, and why."""

    id: str
    reason: Literal[
        "not_found", "not_retryable", "superseded", "acknowledged", "reassigned", "expired", "late", "unknown_user",
        "inactive", "bounced",
    ]  # fmt: skip


class Retried(Strict):
    """How many are under way again; with `more`, the same filter goes on after `next_cursor`."""

    retried: int
    refused: list[Refused]
    more: bool
    next_cursor: str | None


@router.get("", **documented(Deliveries))
async def list_deliveries(
    wanted: Annotated[Filter, Depends(_filter)], who: Admin, ours: Ours, limit: Limit = 50, cursor: Cursor = None
) -> dict[str, Any]:
    """The newest first, by when the notification was made: from `from` on and before `to`, instants or plain days."""
    pages = _pages(ours, who, "deliveries", wanted)
    async with ours.database.read() as db:
        before = _position(pages, cursor)
        found = await reports.page(db, who.tenant, wanted, before=before, limit=limit + 1)
    shown = found[:limit]
    last = shown[-1] if len(found) > limit else None
    return {
        "items": [_shown(row) for row in shown],
        "next_cursor": pages.cursor(last.created_at.isoformat(), last.id) if last else None,
    }


@router.post("/retry", status_code=202, **documented(Retried, status=202))
async def retry_deliveries(
    body: Retry, key: IdempotencyKey, who: Admin, ours: Ours, temporal: Temporal
) -> dict[str, Any]:
    """Sends again what failed or is unknown, and still makes sense; up to 1,000 at once.

    What is `unknown` may have arrived: sending it again is the caller's explicit wish. A 503 may come after they were
    written down: they are sent within minutes then; at once by the same request under the same `Idempotency-Key`, or
    by one for what is `planned`.
    """
    if not await temporal.is_healthy():
        raise Unavailable("Temporal cannot be told now. Nothing was changed.")
    at, request = now(), digest(body.model_dump_json())
    async with ours.database.write() as db:
        before = await idempotency.begin(db, who.tenant, key, request, at) if key else None
        if before is not None and before.request != request:
            raise used_otherwise()
        kept = before.kept if before else await _retried(db, ours, who, body, at)
        if key and before is None:
            await idempotency.end(db, who.tenant, key, kept)
    await retrying.wake(ours.database, temporal, who.tenant, kept["ids"], at)
    answer: dict[str, Any] = kept["answer"]
    return answer


async def _retried(db: Connection, ours: Resources, who: Caller, body: Retry, at: datetime) -> dict[str, Any]:
    """The answer, and the ids of those who are under way again."""
    asked, cursor = await _asked(db, ours, who, body)
    found = await retrying.retry(db, who.tenant, asked, ours.suppressions, at)
    unknown = dict.fromkeys(sorted(set(body.ids or ()) - {row.id for row in asked}), "not_found")
    answer = {
        "retried": len(found.ids),
        "refused": [{"id": id_, "reason": why} for id_, why in (found.refused | unknown).items()],
        "more": cursor is not None,
        "next_cursor": cursor,
    }
    return {"answer": answer, "ids": found.ids}


async def _asked(db: Connection, ours: Resources, who: Caller, body: Retry) -> tuple[Sequence[Candidate], str | None]:
    """Those that are meant, and where the filter goes on."""
    if body.filter is None:
        return await retries.of_ids(db, who.tenant, set(body.ids or ())), None
    wanted = body.filter.filter
    pages = _pages(ours, who, "retry", wanted)
    before = _position(pages, body.cursor)
    found = await retries.of_filter(db, who.tenant, wanted, before=before, limit=AT_ONCE + 1)
    asked = found[:AT_ONCE]
    last = asked[-1] if len(found) > AT_ONCE else None
    return asked, pages.cursor(last.told_at.isoformat(), last.id) if last else None


def _pages(ours: Resources, who: Caller, name: str, wanted: Filter) -> Pages:
    return Pages(ours.vault, who, name, *(str(value) for value in astuple(wanted)))


def _position(pages: Pages, cursor: str | None) -> tuple[datetime, str] | None:
    position = pages.position(cursor)
    return (datetime.fromisoformat(position[0]), position[1]) if position else None


def way(row: Any) -> dict[str, Any]:
    """A row of the ledger as a Way."""
    values = {name: getattr(row, name) for name in Way.model_fields}
    return {name: iso(value) if isinstance(value, datetime) else value for name, value in values.items()}


def _shown(row: Reported) -> dict[str, Any]:
    own = [name for name in Delivery.model_fields if name not in ("entity", *Way.model_fields)]
    shown = {name: getattr(row, name) for name in own}
    return {**shown, "entity": {"kind": row.kind, "id": row.entity_id}, **way(row)}
