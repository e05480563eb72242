"""What has to be sent so that the store comes to say what the file says."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from importing.wanted import Wanted
from punctual import events
from punctual.events import Event
from punctual.registry import KINDS
from store.entities import Entity

SOURCE = "import"

_OPENS = {"appointment": "scheduled", "follow_up": "created"}
_TIMES = {"appointment": ("starts_at", "ends_at"), "follow_up": ("due_at",)}


def change(wanted: Wanted, entity: Entity | None, now: datetime) -> tuple[Event | None, str]:
    """The event that brings `entity` to what is wanted (None: nothing to send) and the column it counts in.

    Raises punctual.errors.InvalidEvent for data that no event may carry.
    """
    data = _event(wanted.kind, _OPENS[wanted.kind], wanted.data, entity, now).data
    verb, column = _verb(wanted, data, entity, now)
    if verb is None:
        return None, column
    if verb == "reassigned" and entity and entity.snapshot:
        gone = [id_ for id_ in entity.snapshot["assignee_ids"] if id_ not in data["assignee_ids"]]
        data = {**data, "previous_assignee_ids": gone}
    return _event(wanted.kind, verb, data, entity, now), column


def cancellation(entity: Entity, now: datetime) -> Event:
    """The event that cancels what a newer file no longer holds."""
    return _event(entity.kind, "cancelled", _without(entity.snapshot or {}, "previous_assignee_ids"), entity, now)


def is_past(kind: str, data: dict[str, Any], now: datetime) -> bool:
    """Whether the whole of it lies before `now`."""
    found = KINDS[kind]
    over = found.over(found.snapshot.model_validate(data))
    return over is not None and over <= now


def _verb(wanted: Wanted, data: dict[str, Any], entity: Entity | None, now: datetime) -> tuple[str | None, str]:
    """An appointment is over when its time is; a follow-up when it is done, and late until then.

    Of several differences the one that people have to hear of names the event: whose it is, then when.
    """
    kind, cancelled, past = wanted.kind, wanted.status == "cancelled", is_past(wanted.kind, data, now)
    ended = wanted.status in ("completed", "lapsed") or (past and kind == "appointment")
    if entity is None or entity.snapshot is None:
        if cancelled:
            return None, "unchanged"
        return "completed" if ended else _OPENS[kind], "created"
    moved = any(data.get(name) != entity.snapshot.get(name) for name in _TIMES[kind])
    if entity.record.is_closed:
        if not cancelled and not ended and ((moved and not past) or _closed_by_import(entity)):
            return ("rescheduled" if moved and kind == "appointment" else _OPENS[kind]), "moved"
        return None, "unchanged"
    if cancelled:
        return "cancelled", "cancelled"
    if wanted.status == "completed":
        return "completed", "moved"
    if kind == "follow_up" and set(data["assignee_ids"]) != set(entity.snapshot["assignee_ids"]):
        return "reassigned", "moved"
    if moved:
        return "rescheduled", "moved"
    if not (past and kind == "appointment") and _content(data) != _content(entity.snapshot):
        return "updated", "moved"
    return None, "unchanged"


def _closed_by_import(entity: Entity) -> bool:
    return entity.record.closing is not None and entity.record.closing.mark.source == SOURCE


def _content(data: dict[str, Any]) -> dict[str, Any]:
    """What the file says: neither its own name (a renamed file alone changes nothing) nor who was relieved."""
    return {**_without(data, "previous_assignee_ids"), "metadata": _without(data.get("metadata", {}), "import")}


def _without(data: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != name}


def _event(kind: str, verb: str, data: dict[str, Any], entity: Entity | None, now: datetime) -> Event:
    """The same content over the same state has the same id, so that a repeated import repeats nothing."""
    type_ = f"{kind}.{verb}"
    latest = entity.record.latest if entity else None
    basis = json.dumps([data["id"], data, type_, list(latest.mark) if latest else None], sort_keys=True)
    time = now
    if latest is not None:
        # The file is read now, so it is the newest word, even where a sender's clock is a little ahead of ours.
        time = max(now, datetime.fromisoformat(latest.mark.time) + timedelta(microseconds=1))
    body = {
        "id": hashlib.sha256(basis.encode()).hexdigest()[:32],
        "source": SOURCE,
        "type": type_,
        "time": time,
        "data": data,
    }
    return events.parse(body, now=max(now, time))
