"""What the shared machinery asks of an entity kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, Protocol, TypeVar

from punctual.policy import Policy
from punctual.timeline import Step

Effect = Literal["opens", "changes", "closes"]
"""What an event does to its entity; only what opens may open again what has ended."""


class Snapshot(Protocol):
    """What every kind's snapshot has in common."""

    @property
    def id(self) -> str: ...
    @property
    def timezone(self) -> str | None: ...
    @property
    def assignee_ids(self) -> list[str]: ...


S = TypeVar("S", bound=Snapshot)


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
    timeline: Callable[[S, Policy, str], list[Step]]
    """(snapshot, policy, name of the zone that local times are in) → steps in order of their instants."""
