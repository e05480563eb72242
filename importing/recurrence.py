"""From a recurring component to the wall times of its instances."""

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import takewhile
from typing import Any

from dateutil.rrule import rrulestr
from icalendar import Component, vRecur

from importing import Refused
from importing.zones import Moment, Zones

LIMIT = 1000
"""Instances taken of one component: those to come first, then the latest that are past."""

_PATIENCE = 100_000
_PERIODS = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})


@dataclass(frozen=True)
class Instances:
    """Original wall times in the zone of the start, in order; `lengths` where an RDATE gives its own."""

    walls: list[datetime]
    lengths: dict[datetime, timedelta]
    cut: bool
    """There were more than LIMIT."""


def recurs(component: Component) -> bool:
    return "RRULE" in component or "RDATE" in component


def expand(component: Component, start: Moment, zones: Zones, *, now: datetime, horizon: datetime) -> Instances:
    """The instances that start no later than `horizon`; `now` and `horizon` are wall times in the zone of `start`.

    The component's own start is always the first instance. Raises Refused for a rule that cannot be followed.
    """
    if "EXRULE" in component:
        raise Refused("uses EXRULE, which iCalendar has given up; use EXDATE")
    lengths = _extra(component, start, zones)
    days, walls = _exceptions(component, start, zones)
    sources: list[Iterator[datetime]] = [iter([start.wall]), iter(sorted(lengths))]
    sources += [_rule(rule, start) for rule in every(component, "RRULE")]

    past: deque[datetime] = deque(maxlen=LIMIT)
    coming: list[datetime] = []
    last: datetime | None = None
    for looked, wall in enumerate(heapq.merge(*sources)):
        if wall > horizon or len(coming) > LIMIT:
            break
        if looked > _PATIENCE:
            raise Refused(f"recurs more than {_PATIENCE:,} times before the horizon")
        if wall != last and wall not in walls and wall.date() not in days:
            (past if wall < now else coming).append(wall)
        last = wall
    kept = coming[:LIMIT]
    spare = LIMIT - len(kept)
    cut = len(coming) > LIMIT or len(past) > spare
    return Instances([*list(past)[max(len(past) - spare, 0) :], *kept], _own(lengths), cut)


def every(component: Component, name: str) -> list[Any]:
    """All values of a property that may stand several times."""
    found = component.get(name, [])
    return found if isinstance(found, list) else [found]


def _rule(rule: vRecur, start: Moment) -> Iterator[datetime]:
    frequency = str(rule.get("FREQ", [""])[0]).upper()
    if frequency not in _PERIODS:
        raise Refused(f"recurs {frequency or 'without FREQ'}; daily is the most often")
    if any(int(step) < 1 for step in rule.get("INTERVAL", [])):
        raise Refused("has an INTERVAL below 1")
    # UNTIL is compared here: dateutil refuses a UTC one for wall times, and warns of one beside COUNT.
    ends = [_until(value, start) for value in rule.get("UNTIL", [])]
    plain = vRecur({name: value for name, value in rule.items() if name != "UNTIL"})
    try:
        walls = iter(rrulestr(plain.to_ical().decode(), dtstart=start.wall))
    except (ValueError, TypeError) as error:
        raise Refused(f"has an RRULE that cannot be followed: {error}") from None
    return takewhile(lambda wall: all(wall <= end for end in ends), walls)


def _until(value: Any, start: Moment) -> datetime:
    if not isinstance(value, datetime):
        return datetime.combine(value, time.max)
    return start.zone.wall(value) if value.tzinfo is not None else value


def _extra(component: Component, start: Moment, zones: Zones) -> dict[datetime, timedelta | None]:
    found: dict[datetime, timedelta | None] = {}
    for values in every(component, "RDATE"):
        for value in values.dts:
            first, end = value.dt if isinstance(value.dt, tuple) else (value.dt, None)
            moment = zones.moment(first, values.params, start.zone)
            length = None
            if end is not None:
                length = end if isinstance(end, timedelta) else _between(moment, end, values.params, zones)
            found[_in_zone(moment, start)] = length
    return found


def _between(start: Moment, end: datetime, params: Any, zones: Zones) -> timedelta:
    return zones.moment(end, params, start.zone).instant - start.instant


def _own(lengths: dict[datetime, timedelta | None]) -> dict[datetime, timedelta]:
    return {wall: length for wall, length in lengths.items() if length is not None}


def _exceptions(component: Component, start: Moment, zones: Zones) -> tuple[set[Any], set[datetime]]:
    """Days and wall times that EXDATE takes out."""
    days, walls = set(), set()
    for values in every(component, "EXDATE"):
        for value in values.dts:
            moment = zones.moment(value.dt, values.params, start.zone)
            if moment.all_day:
                days.add(moment.wall.date())
            else:
                walls.add(_in_zone(moment, start))
    return days, walls


def _in_zone(moment: Moment, start: Moment) -> datetime:
    """The wall time of `moment` where `start` is; a mere day means that day at the time of `start`."""
    if moment.all_day:
        return datetime.combine(moment.wall.date(), start.wall.time())
    return moment.wall if moment.zone == start.zone else start.zone.wall(moment.instant)
