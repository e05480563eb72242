"""What has to be sent so that the store comes to say what the file says."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from importing.wanted import Wanted
from punctual import events
from punctual.appointment import Appointment, over
from punctual.events import Event
from store.entities import Entity

SOURCE = "import"


def change(wanted: Wanted, entity: Entity | None, now: datetime) -> tuple[Event | None, str]:
    """The event that brings `entity` to what is wanted (None: nothing to send) and the column it counts in.

    Raises punctual.errors.InvalidEvent for data that no event may carry.
    """
    probe = _event("appointment.scheduled", wanted.data, entity, now)
    type_, column = _verb(wanted.cancelled, probe.data, entity, now)
    if type_ is None:
        return None, column
    return _event(type_, wanted.data, entity, now), column


def cancellation(entity: Entity, now: datetime) -> Event:
    """The event that cancels what a newer file no longer holds."""
    return _event("appointment.cancelled", entity.snapshot or {}, entity, now)


def _verb(cancelled: bool, data: dict[str, Any], entity: Entity | None, now: datetime) -> tuple[str | None, str]:
    past = over(Appointment.model_validate(data)) <= now
    if entity is None or entity.snapshot is None:
        if cancelled:
            return None, "unchanged"
        return "appointment.completed" if past else "appointment.scheduled", "created"
    moved = any(data.get(name) != entity.snapshot.get(name) for name in ("starts_at", "ends_at"))
    if entity.record.is_closed:
        if not cancelled and not past and (moved or _cancelled_by_import(entity)):
            return ("appointment.rescheduled" if moved else "appointment.scheduled"), "moved"
        return None, "unchanged"
    if cancelled:
        return "appointment.cancelled", "cancelled"
    if moved:
        return "appointment.rescheduled", "moved"
    if not past and _content(data) != _content(entity.snapshot):
        return "appointment.updated", "moved"
    return None, "unchanged"


def _cancelled_by_import(entity: Entity) -> bool:
    closing = entity.record.closing
    return closing is not None and closing.mark.source == SOURCE and closing.type == "appointment.cancelled"


def _content(data: dict[str, Any]) -> dict[str, Any]:
    """All but the name of the file: a renamed file alone changes nothing."""
    metadata = {name: value for name, value in data.get("metadata", {}).items() if name != "import"}
    return {**data, "metadata": metadata}


def _event(type_: str, data: dict[str, Any], entity: Entity | None, now: datetime) -> Event:
    """The same content over the same state has the same id, so that a repeated import repeats nothing."""
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
