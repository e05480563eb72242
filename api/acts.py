"""What people do about an entity: acknowledge it, snooze it, remind of it now."""

import hashlib
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Request
from pydantic import PlainValidator, WithJsonSchema

from api import inbox_changes
from api.bodies import StrictRoute
from api.deps import Anyone, IdPath, NamePath, Ours, Temporal
from api.gateway import Gateway, Unavailable
from api.identity import Caller
from api.problems import Problem, unprocessable
from api.reach import visible
from punctual.errors import ActRefused, FieldProblem
from punctual.protocol import Act, Ref
from punctual.registry import ENTITIES
from punctual.wire import Strict, iso_time
from resources import Resources
from store import entities
from store.inbox import Notification

router = APIRouter(prefix="/v1/entities/{kind}/{id}", route_class=StrictRoute, tags=["entities"])

ENDED = ActRefused("closed", "It has ended.")
NOT_LATE = ActRefused("nothing_to_acknowledge", "It tells of nothing that is overdue.")
_NEXT_MORNING = "next_working_morning"


def _until(value: Any) -> Any:
    if value == _NEXT_MORNING:
        return value
    try:
        moment = iso_time(value)
    except ValueError as error:
        raise ValueError(f"{error}, or {_NEXT_MORNING}") from None
    if moment.tzinfo is None:
        raise ValueError("must have an offset or Z")
    return moment.astimezone(UTC)


_UNTIL = {"anyOf": [{"type": "string", "format": "date-time"}, {"const": _NEXT_MORNING}]}
Until = Annotated[datetime | Literal["next_working_morning"], PlainValidator(_until), WithJsonSchema(_UNTIL)]


class Snooze(Strict):
    """What falls due before `until` is told then."""

    until: Until


def _act_id(
    request: Request,
    who: Anyone,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255)] = None,
) -> str:
    """The same for the same `Idempotency-Key` of the same caller on the same path, so that repeating is safe."""
    if idempotency_key is None:
        return str(uuid.uuid4())
    parts = (who.tenant, who.user_id, request.url.path, idempotency_key)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


async def _alive(kind: NamePath, id: IdPath, who: Anyone, ours: Ours) -> Ref:
    """An entity of the caller's that has not ended."""
    ref = Ref(tenant=who.tenant, kind=kind, id=id)
    async with ours.database.read() as db:
        entity = await visible(db, ref, who)
    if entity.state == "closed":
        raise refused(ENDED)
    return ref


ActId = Annotated[str, Depends(_act_id)]
Alive = Annotated[Ref, Depends(_alive)]


@router.post("/acknowledge")
async def acknowledge(ref: Alive, act_id: ActId, who: Anyone, ours: Ours, temporal: Temporal) -> dict[str, Any]:
    """Takes what is overdue, and stops its escalation."""
    if ref.kind not in ENTITIES:
        raise refused(NOT_LATE)
    return await perform(ours, temporal, ref, _act(act_id, "acknowledge", who))


@router.post("/snooze")
async def snooze(
    ref: Alive, body: Snooze, act_id: ActId, who: Anyone, ours: Ours, temporal: Temporal
) -> dict[str, Any]:
    """Tells nothing before `until`: an instant, or `next_working_morning`."""
    return await _remind(ours, temporal, ref, _act(act_id, "snooze", who, until=body.until))


@router.post("/remind-now")
async def remind_now(ref: Alive, act_id: ActId, who: Anyone, ours: Ours, temporal: Temporal) -> dict[str, Any]:
    """Reminds those responsible at once."""
    return await _remind(ours, temporal, ref, _act(act_id, "remind_now", who))


async def _remind(ours: Resources, temporal: Gateway, ref: Ref, act: Act) -> dict[str, Any]:
    if ref.kind not in ENTITIES:
        raise refused(ActRefused("nothing_to_remind_of", "A single event is told once."))
    return await perform(ours, temporal, ref, act)


def _act(id_: str, what: Literal["acknowledge", "snooze", "remind_now"], who: Caller, *, until: Any = None) -> Act:
    return Act(id=id_, what=what, user_id=who.user_id, until=until, override=who.role != "user")


async def perform(ours: Resources, temporal: Gateway, ref: Ref, act: Act) -> dict[str, Any]:
    """Where the entity stands after an act; raises Problem with the code of the refusal, or Unavailable."""
    try:
        return await temporal.act(ref, act)
    except ActRefused as error:
        raise refused(error) from None
    except Unavailable:
        # It may have ended in this very moment, and its workflow with it.
        async with ours.database.read() as db:
            entity = await entities.load(db, ref)
        if entity is None or entity.state == "closed":
            raise refused(ENDED) from None
        raise


async def acknowledge_for(
    ours: Resources, temporal: Gateway, tenant: str, note: Notification, act_id: str, *, override: bool = False
) -> Notification:
    """Acknowledges what a notification tells of, as the person it is for; the notification after it."""
    ref = Ref(tenant=tenant, kind=note.kind, id=note.entity_id)
    async with ours.database.read() as db:
        entity = await entities.load(db, ref)
        told = await entities.entry(db, ref, note.step_key)
    if told is None or not told.step.is_alarm:
        raise refused(NOT_LATE)
    if entity is None or entity.state == "closed":
        raise refused(ENDED)
    await perform(ours, temporal, ref, Act(id=act_id, what="acknowledge", user_id=note.user_id, override=override))
    return await inbox_changes.acknowledged(ours, tenant, note)


def refused(error: ActRefused) -> Problem:
    """A refusal as its answer: 409 where it makes no sense any more."""
    if error.code == "invalid":
        return unprocessable([FieldProblem(("until",), error.detail)], code=error.code)
    return Problem(403 if error.code == "not_yours" else 409, error.detail, code=error.code)
