"""What a simulation tells: one row for each step and person, each act, and each event that was refused.

What quiet hours hold back, or what waits for a digest, has a row when it is put off, and one when that ends.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True)
class Way:
    """What became of one channel. What is `deferred` is due at `due_at`; `brought_by`: what brought it in the end."""

    outcome: str
    reason: str | None = None
    due_at: datetime | None = None
    brought_by: str | None = None

    def public(self) -> dict[str, Any]:
        """As plain JSON, times in UTC."""
        return {
            "outcome": self.outcome, "reason": self.reason, "due_at": _iso(self.due_at),
            "brought_by": self.brought_by,
        }  # fmt: skip


@dataclass(frozen=True)
class Brought:
    """What has waited and was brought: of which entity, its type, and when it was put off."""

    entity: str
    type: str
    at: datetime


@dataclass(frozen=True)
class Row:
    """At `at` something was told, was decided against, or was done.

    `entity` is `kind/id`, or an event's id; `quiet_hours/{user}` or `digest/daily` for what `brings` others along.
    `user_id` is who is told, or who acts. `outcome` and `reason` are the step's (contract, section 4), `done` or
    `refused` for an act, `changed` for a person; `channels` are the person's, by name. `level` is whom the level is
    for; `again`: its chain had begun anew by then. `due_at` is when it was due, where that was another time.
    """

    at: datetime
    entity: str
    type: str
    outcome: str
    reason: str | None = None
    user_id: str | None = None
    channels: Mapping[str, Way] = field(default_factory=dict)
    level: str | None = None
    again: bool = False
    detail: str | None = None
    due_at: datetime | None = None
    brings: tuple[Brought, ...] = ()
    told_at: datetime | None = None
    """For the order within one minute."""

    @property
    def alone(self) -> Brought | None:
        """What was brought as it is, and not in a summary."""
        return self.brings[0] if [one.type for one in self.brings] == [self.type] else None

    def public(self) -> dict[str, Any]:
        """The row as plain JSON, times in UTC."""
        return {
            "at": _iso(self.at), "entity": self.entity, "type": self.type, "level": self.level,
            "again": self.again, "user_id": self.user_id, "outcome": self.outcome, "reason": self.reason,
            "channels": {name: way.public() for name, way in self.channels.items()},
            "due_at": _iso(self.due_at), "detail": self.detail,
            "brings": [{"entity": one.entity, "type": one.type, "at": _iso(one.at)} for one in self.brings],
        }  # fmt: skip


def _iso(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


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
