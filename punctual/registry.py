"""The entity kinds there are."""

from typing import Any

from punctual import appointment
from punctual.kind import Kind

KINDS: dict[str, Kind[Any]] = {kind.name: kind for kind in (appointment.KIND,)}

# The names that older systems call our events by; they are accepted for ever.
ALIASES = {"appointment_created": "appointment.scheduled", "appointment_updated": "appointment.updated"}


def kind_of(event_type: str) -> Kind[Any] | None:
    """The kind whose event `event_type` is, or None."""
    kind = KINDS.get(event_type.partition(".")[0])
    return kind if kind is not None and event_type in kind.events else None
