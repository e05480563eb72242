"""What the shared machinery asks of an entity kind."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel

from punctual.policy import Policy
from punctual.timeline import Step
from punctual.working_time import WorkingTime

Effect = Literal["opens", "changes", "closes"]
"""What an event does to its entity; only what opens may open again what has ended."""

S = TypeVar("S", bound=BaseModel)


@dataclass(frozen=True)
class Scene:
    """What an entity's future follows from besides its snapshot.

    `zone` is the name of the zone that local times are in. `past` is what its events left behind (`Kind.keeps`), in
    the order in which they count. `reopened_at` is when it was last opened again, by its CRM's clock.
    """

    policy: Policy
    zone: str
    working: WorkingTime
    past: Sequence[Mapping[str, Any]] = ()
    reopened_at: datetime | None = None


@dataclass(frozen=True)
class Kind(Generic[S]):
    """One entity kind: its snapshot's model, its events, its default policy, and its future as a pure function."""

    name: str
    workflow: str
    snapshot: type[S]
    events: Mapping[str, Effect]
    default_policy: Policy
    due: Callable[[S], datetime | None]
    over: Callable[[S], datetime | None]
    """When it is wholly past; None: never by itself."""
    timeline: Callable[[S, Scene], list[Step]]
    """Reminders and overdue steps, in order of their instants; what escalates follows from the overdue ones."""
    reminder: str
    """The type by which its people are reminded."""
    lasts: bool = True
    """Whether it goes on after it was told of; what does not is over then."""
    told_as: Mapping[str, str] = field(default_factory=dict)
    """The notification type of events that are told by another name than their own."""
    own_words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Events that are told whatever has overtaken them, and the fields in which they are told as they came."""
    keeps: tuple[str, ...] = ()
    """Fields of every event that later planning has to know."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """What older systems call its events."""

    def notice(self, event_type: str) -> str:
        """The notification type by which an event is told."""
        return self.told_as.get(event_type, event_type)

    def effect(self, event_type: str) -> Effect:
        """What an event of this type does to its entity."""
        return self.events.get(event_type, "changes")
