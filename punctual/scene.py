"""What an entity's future follows from besides itself, put together for all who ask: its planning, and previews."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from punctual.errors import FieldProblem
from punctual.kind import Scene
from punctual.policy import Policy
from punctual.wire import delta
from punctual.working_time import WorkingTime, working_time

END = datetime(9000, 1, 1, tzinfo=UTC)
LIFETIME = timedelta(days=50 * 365)


def whose_zone(snapshot: Mapping[str, Any]) -> list[str]:
    """Whose zone the local times of an entity are in, where it has none of its own: its first assignee's."""
    assigned: list[str] = snapshot.get("assignee_ids", [])
    return [] if snapshot.get("timezone") else assigned[:1]


def zone_of(snapshot: Mapping[str, Any], zones: Mapping[str, str]) -> str:
    """The name of the zone that local times of an entity are in; `zones` are those of people, by id."""
    if snapshot.get("timezone"):
        return str(snapshot["timezone"])
    return next((zones[id_] for id_ in whose_zone(snapshot) if id_ in zones), "UTC")


def scene_of(policy: Policy, zone: str, now: datetime) -> Scene:
    """The scene under a policy, for local times in `zone`."""
    return Scene(policy, zone, _working(policy, zone))


def _working(policy: Policy, zone: str) -> WorkingTime:
    """The policy's working time; one that never comes, which older versions let in, must not stop the entity."""
    working = working_time(policy.calendar, zone)
    return Unfailing(**{field.name: getattr(working, field.name) for field in fields(working)})


class Unfailing(WorkingTime):
    """Working time that goes by the clock where its calendar ends, and ends before the calendar of all does."""

    def add(self, start: datetime, length: timedelta) -> datetime:
        try:
            return super().add(start, length)
        except (ValueError, OverflowError):
            return min(start, END - length) + length


def unworkable(policy: Policy, zone: str, now: datetime) -> list[FieldProblem]:
    """What of a policy's calendar cannot be followed: working time for its waits that does not come in a lifetime."""
    if policy.calendar is None:
        return []
    waits = [policy.overdue_after or "PT0S"]
    waits += [level.after for level in policy.escalation.levels] * (policy.escalation.repeat + 1)
    try:
        end = working_time(policy.calendar, zone).add(now, sum(map(delta, waits), timedelta()))
    except (ValueError, OverflowError):
        end = END
    if end - now <= LIFETIME:
        return []
    return [FieldProblem(("calendar",), "has too little working time for what the policy waits for")]
