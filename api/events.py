"""`POST /v1/events`: what happened in the CRM, as CloudEvents, handed to the workflows it is about."""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request

from api import bodies
from api.bodies import KIB, StrictRoute
from api.deps import Ours, System, Temporal, Types, now
from api.event_types import EventTypes
from api.problems import unprocessable
from punctual import events
from punctual.errors import FieldProblem, InvalidEvent, UnsafeUrl
from punctual.events import Event
from punctual.urls import action_url

router = APIRouter(route_class=StrictRoute, tags=["events"])

ONE, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
LONGEST_BATCH = 1000
LARGEST_EVENT = 256 * KIB
_NAMED_PROBLEMS = 20

_EVENT = {
    "type": "object",
    "required": ["specversion", "id", "type", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string"},
        "source": {"type": "string", "default": "crm"},
        "type": {"type": "string", "examples": ["appointment.scheduled"]},
        "time": {"type": "string", "format": "date-time", "description": "Required for events of entities."},
        "data": {"type": "object"},
    },
}
_EVENTS = {"type": "array", "items": _EVENT, "maxItems": LONGEST_BATCH}
_BODY = {
    "required": True,
    "content": {
        ONE: {"schema": _EVENT},
        BATCH: {"schema": _EVENTS},
        "application/json": {"schema": {"oneOf": [_EVENT, _EVENTS]}},
    },
}


@router.post("/v1/events", status_code=202, openapi_extra={"requestBody": _BODY})
async def post_events(request: Request, who: System, ours: Ours, temporal: Temporal, types: Types) -> dict[str, Any]:
    """Takes one event or a list of at most 1,000, of entities and single ones; all of them or none.

    Answers when Temporal has them durably. The same `source` and `id` again changes nothing.
    """
    body = await bodies.read(request, {ONE, BATCH, *bodies.JSON})
    _check_shape(bodies.content_type(request), body)
    accepted = now()
    found = _parse(body, accepted, types, ours.settings.action_url_hosts)
    # Set here and never taken from the sender: an outage before a worker sees the event makes nothing past.
    heard = [event.model_copy(update={"punctualaccepted": accepted}) for event in found]
    ids = await temporal.tell(who.tenant, heard)
    pairs = zip(found, ids, strict=True)
    return {"accepted": [{"id": event.id, "workflow_id": workflow_id} for event, workflow_id in pairs]}


def _check_shape(content_type: str, body: Any) -> None:
    if content_type == BATCH and not isinstance(body, list):
        raise unprocessable([FieldProblem((), "must be a list of events")])
    if content_type == ONE and isinstance(body, list):
        raise unprocessable([FieldProblem((), f"must be one event; a list is {BATCH}")])
    if isinstance(body, list) and len(body) > LONGEST_BATCH:
        raise unprocessable([FieldProblem((), f"must not hold more than {LONGEST_BATCH:,} events")])


def _parse(body: Any, at: datetime, types: EventTypes, hosts: Collection[str]) -> list[Event]:
    """The events in `body`; raises Problem naming what is wrong with each."""
    batch = isinstance(body, list)
    items = body if batch else [body]
    large = [FieldProblem((index,) if batch else (), "is larger than 256 KiB") for index in _too_large(items)]
    if large:
        raise unprocessable(large, batch=batch, status=413)
    found: list[Event] = []
    problems: list[FieldProblem] = []
    for index, item in enumerate(items):
        try:
            found.append(_event(item, at, types, hosts))
        except InvalidEvent as error:
            prefix = (index,) if batch else ()
            named = error.problems[:_NAMED_PROBLEMS]
            problems += [FieldProblem((*prefix, *problem.path), problem.detail) for problem in named]
    if problems:
        raise unprocessable(problems, batch=batch)
    return found


def _too_large(items: list[Any]) -> list[int]:
    sizes = (len(json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode()) for item in items)
    return [index for index, size in enumerate(sizes) if size > LARGEST_EVENT]


def _event(item: Any, at: datetime, types: EventTypes, hosts: Collection[str]) -> Event:
    item = types.named(item)
    problems = types.problems(item)
    try:
        event = events.parse(item, now=at)
    except InvalidEvent as error:
        raise InvalidEvent([*error.problems, *problems]) from None
    url = event.data.get("action_url")
    if url is not None:
        try:
            action_url(url, hosts)
        except UnsafeUrl as error:
            problems.append(FieldProblem(("data", "action_url"), str(error)))
    if problems:
        raise InvalidEvent(problems)
    return event
