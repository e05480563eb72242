"""What an entity's future follows from besides itself, put together for all who ask: its planning, and previews."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from punctual.kind import Scene
from punctual.policy import Policy
from punctual.working_time import WorkingTime, working_time


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
    return Scene(policy, zone, _working(policy, zone, now))


def _working(policy: Policy, zone: str, now: datetime) -> WorkingTime:
    """The policy's working time; one that never comes, which older versions let in, must not stop the entity."""
    working = working_time(policy.calendar, zone)
    try:
        working.opening(now)
    except ValueError:
        return working_time(None, zone)
    return working
