"""What an entity's events add up to, whatever the order in which they arrive.

An entity's state is what its events give when folded in the order of their marks: what closes ends it, and while
it is ended only what opens counts. Three events are enough to fold on for ever: the newest of all, the newest that
closes, and the newest that opens.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from punctual.events import Event, Mark, mark
from punctual.kind import Kind

Stage = Literal["open", "overdue", "escalated", "acknowledged", "closed"]
Verdict = Literal["applied", "stale", "closed"]


class Applied(BaseModel):
    """An event that counts: its mark, its type, and the snapshot it carried."""

    model_config = ConfigDict(frozen=True)

    mark: Mark
    type: str
    snapshot: dict[str, Any]


class Record(BaseModel):
    """All that an entity keeps of its events; grows no further."""

    model_config = ConfigDict(frozen=True)

    latest: Applied | None = None
    closing: Applied | None = None
    opened: Mark | None = None

    @property
    def is_closed(self) -> bool:
        return self.closing is not None and (self.opened is None or self.opened < self.closing.mark)

    @property
    def current(self) -> Applied | None:
        """The event whose snapshot is the entity as it now is; None before the first."""
        return self.closing if self.is_closed else self.latest


def apply(record: Record, event: Event, kind: Kind[Any]) -> tuple[Record, Verdict]:
    """`record` with `event` folded in, and what becomes of the event's notice.

    `applied`: the entity now is as this event says. `stale`: a newer event had already overtaken it.
    `closed`: the entity has ended, and this event cannot open it again.
    """
    applied = Applied(mark=mark(event, kind), type=event.type, snapshot=event.data)
    changes: dict[str, Any] = {}
    if record.latest is None or applied.mark > record.latest.mark:
        changes["latest"] = applied
    effect = kind.effect(event.type)
    if effect == "closes" and (record.closing is None or applied.mark > record.closing.mark):
        changes["closing"] = applied
    if effect == "opens" and (record.opened is None or applied.mark > record.opened):
        changes["opened"] = applied.mark
    after = record.model_copy(update=changes)
    assert after.current is not None
    if after.current.mark == applied.mark:
        return after, "applied"
    return after, "closed" if after.is_closed and applied.mark > after.current.mark else "stale"
