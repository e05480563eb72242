"""What another policy would change: the future of an entity before and after, and nothing written."""

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

from punctual import hearing, planning
from punctual.escalation import Care
from punctual.kind import Kind, Scene
from punctual.lifecycle import Record
from punctual.timeline import Entry


@dataclass(frozen=True)
class Difference:
    """How many entities would change; how many steps would be told at another instant, be new, and not be told."""

    entities: int = 0
    moved: int = 0
    added: int = 0
    removed: int = 0

    def __add__(self, other: "Difference") -> "Difference":
        return Difference(*map(sum, zip(astuple(self), astuple(other), strict=True)))


def compare(
    kind: Kind[Any], record: Record, care: Care, entries: Iterable[Entry], before: Scene, after: Scene, now: datetime
) -> Difference:
    """What an entity's future under `after` has in place of that under `before`, by the keys of its steps."""
    known = {entry.step.key: entry for entry in entries}
    old, new = (_ahead(kind, record, care, known, scene, now) for scene in (before, after))
    return Difference(
        entities=int(old != new),
        moved=sum(old[key] != new[key] for key in old.keys() & new.keys()),
        added=len(new.keys() - old.keys()),
        removed=len(old.keys() - new.keys()),
    )


def _ahead(
    kind: Kind[Any], record: Record, care: Care, known: Mapping[str, Entry], scene: Scene, now: datetime
) -> dict[str, datetime]:
    """The instants of what is still to be told, by key."""
    plan = planning.complete(kind, hearing.fold(kind, record, known, [], [], now, care), scene, now)
    return {step.key: step.due_at for step in plan.steps}
