"""The entity kinds there are."""

from typing import Any

from punctual import appointment, follow_up, notification, task, ticket
from punctual.kind import Kind

ENTITIES: dict[str, Kind[Any]] = {
    kind.name: kind for kind in (appointment.KIND, follow_up.KIND, task.KIND, ticket.KIND)
}
"""What a CRM's entities are."""

KINDS: dict[str, Kind[Any]] = {**ENTITIES, notification.KIND.name: notification.KIND}
"""All that has a workflow and a timeline of its own: the entities, and single events."""

# The names that older systems call our events by; they are accepted for ever.
ALIASES = {alias: type_ for kind in ENTITIES.values() for alias, type_ in kind.aliases.items()}


def kind_of(event_type: str) -> Kind[Any]:
    """The kind that an event of this type is about; what is no entity's event stands for itself."""
    kind = ENTITIES.get(event_type.partition(".")[0])
    return kind if kind is not None and event_type in kind.events else notification.KIND


def is_single(event_type: str) -> bool:
    """Whether an event of this type is about no entity."""
    return kind_of(event_type) is notification.KIND
