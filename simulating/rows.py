"""What a simulation tells: one row for each step and person, each act, and each event that was refused."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from punctual.timeline import PROMPT, Entry
from store.ledger import Delivery


@dataclass(frozen=True)
class Row:
    """At `at` something was told, was decided against, or was done.

    `entity` is `kind/id`, or an event's id; `user_id` is who is told, or who acts. `outcome` and `reason` are the
    step's (contract, section 4), `done` or `refused` for an act, `changed` for a person; `channels` are the person's:
    name → (outcome, reason). `level` is whom the level is for; `again`: its chain had begun anew by then.
    `due_at` is when it was due, where that was another time.
    """

    at: datetime
    entity: str
    type: str
    outcome: str
    reason: str | None = None
    user_id: str | None = None
    channels: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)
    level: str | None = None
    again: bool = False
    detail: str | None = None
    due_at: datetime | None = None
    told_at: datetime | None = None
    """For the order within one minute."""

    def public(self) -> dict[str, Any]:
        """The row as plain JSON, times in UTC."""
        channels = {name: {"outcome": outcome, "reason": why} for name, (outcome, why) in self.channels.items()}
        return {
            "at": _iso(self.at), "entity": self.entity, "type": self.type, "level": self.level,
            "again": self.again, "user_id": self.user_id, "outcome": self.outcome, "reason": self.reason,
            "channels": channels, "due_at": _iso(self.due_at), "detail": self.detail,
        }  # fmt: skip


def _iso(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def of_entity(name: str, entries: Iterable[Entry], deliveries: Iterable[Delivery]) -> Iterator[Row]:
    """The rows of all steps of an entity."""
    by_step: dict[str, list[Delivery]] = defaultdict(list)
    for row in deliveries:
        by_step[row.step_key].append(row)
    for entry in entries:
        yield from _of_step(name, entry, by_step[entry.step.key])


def _of_step(name: str, entry: Entry, deliveries: list[Delivery]) -> Iterator[Row]:
    step = entry.step
    due = to_second(step.due_at)
    at = due if entry.at is None or timedelta(0) <= entry.at - due < PROMPT else to_second(entry.at)
    people: dict[str | None, dict[str, tuple[str, str | None]]] = defaultdict(dict)
    for row in deliveries:
        people[row.user_id][row.channel] = (row.outcome, row.reason)
    # What an event says comes before what follows from it.
    told_at = step.due_at if step.stage == "notice" else entry.at or step.due_at
    for user_id, channels in people.items() or [(None, {})]:
        yield Row(
            at=at, entity=name, type=step.type, outcome=entry.outcome, reason=entry.reason, user_id=user_id,
            channels=channels, level=step.to if step.stage == "escalation" else None,
            again="-again-" in step.key, detail=entry.detail,
            due_at=due if at != due else None, told_at=told_at,
        )  # fmt: skip


def to_second(moment: datetime) -> datetime:
    """Without what a machine needed to get there; the core puts notices some microseconds before their instant."""
    return (moment + timedelta(milliseconds=1)).replace(microsecond=0)


def in_order(rows: Iterable[Row]) -> list[Row]:
    """By time; in one minute what is done comes before what follows from it, and each entity's rows are together."""
    rows = list(rows)
    places = {name: place for place, name in enumerate(dict.fromkeys(row.entity for row in rows))}
    return sorted(
        rows,
        key=lambda row: (
            row.at.replace(second=0), row.told_at is not None, places[row.entity], row.told_at or row.at,
        ),
    )  # fmt: skip
