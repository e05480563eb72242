"""What is alike in every component of a calendar: whose it is, the times it names, and how they are read."""

from dataclasses import dataclass
from datetime import timedelta

from icalendar import Component

from importing import Refused
from importing.zones import Moment, Zone, Zones, iana

_SERIES = frozenset({"RRULE", "RDATE", "EXDATE"})
_TIMES = {
    "VEVENT": frozenset({"DTSTART", "DURATION", "RECURRENCE-ID", "DTEND"}),
    "VTODO": frozenset({"DTSTART", "DURATION", "RECURRENCE-ID", "DUE", "COMPLETED"}),
}
_ONCE = ("UID", "STATUS", "X-PUNCTUAL-ASSIGNEE")


@dataclass(frozen=True)
class Source:
    """A component that makes sense: whose it is, when it starts, and which instance of a series it replaces.

    A VTODO without DTSTART starts when it is due. Times of the file that name no zone are in `floating`.
    """

    line: int
    name: str
    component: Component
    uid: str
    assignees: list[str]
    start: Moment
    replaces: Moment | None
    floating: Zone

    @property
    def version(self) -> tuple[int, bytes, int]:
        """Of several components for the same thing the greatest counts."""
        stamped = self.component.get("DTSTAMP")
        sequence = self.component.get("SEQUENCE", 0)
        return (
            sequence if isinstance(sequence, int) else 0,
            stamped.to_ical() if hasattr(stamped, "to_ical") else b"",
            self.line,
        )

    @property
    def status(self) -> str:
        """Its STATUS in capitals; empty where it has none."""
        return str(self.component.get("STATUS", "")).strip().upper()


def assignees(component: Component, given: str | None) -> list[str]:
    """Who is named by the component's own X-PUNCTUAL-ASSIGNEE (ids between commas), else the one given."""
    own = [name.strip() for name in str(component.get("X-PUNCTUAL-ASSIGNEE", "")).split(",") if name.strip()]
    return own or ([given] if given else [])


def source(line: int, name: str, component: Component, zones: Zones, people: list[str], floating: str) -> Source:
    """A VEVENT or VTODO (`name`) whose times can be read; raises Refused, also where it has no UID or assignee.

    A VEVENT needs DTSTART, a VTODO DUE or else DTSTART and DURATION. Floating times and whole days are in the zone
    `floating`.
    """
    _check(name, component)
    if not people:
        raise Refused("has no assignee: give --assignee, or X-PUNCTUAL-ASSIGNEE in the component")
    if "RANGE" in getattr(component.get("RECURRENCE-ID"), "params", {}):
        raise Refused("uses RANGE=THISANDFUTURE; write the later instances as a series of their own")
    here = iana(floating)
    start = moment(component, "DTSTART", zones, here) or moment(component, "DUE", zones, here)
    assert start is not None, "one of them is there"
    replaces = moment(component, "RECURRENCE-ID", zones, here)
    return Source(line, name, component, str(component["UID"]), people, start, replaces, here)


def _check(name: str, component: Component) -> None:
    """Raises Refused where something is missing, unreadable, or there twice."""
    times = _TIMES[name]
    broken = sorted({key for key, _ in component.errors if key in times | _SERIES})
    if broken:
        raise Refused(f"has an unreadable {broken[0]}")
    twice = next((key for key in (*sorted(times), *_ONCE) if isinstance(component.get(key), list)), None)
    if twice:
        raise Refused(f"has more than one {twice}")
    if not str(component.get("UID", "")).strip():
        raise Refused("has no UID")
    if name == "VEVENT" and "DTSTART" not in component:
        raise Refused("has no DTSTART")
    if name == "VTODO" and "DUE" not in component and not {"DTSTART", "DURATION"} <= component.keys():
        raise Refused("has no DUE, nor DTSTART with DURATION")


def moment(component: Component, name: str, zones: Zones, floating: Zone) -> Moment | None:
    """When a property says, or None where there is no such property; raises Refused or ValueError for nonsense."""
    value = component.get(name)
    if value is None:
        return None
    found = zones.moment(value.dt, value.params, floating)
    _ = found.instant  # what lies outside of the calendar fails here, in its own component
    return found


def duration(component: Component) -> tuple[timedelta, timedelta]:
    """Its DURATION as calendar days, whatever daylight saving does in them, and what is exact beyond them."""
    length = component.get("DURATION").dt
    if not isinstance(length, timedelta) or length < timedelta():
        raise Refused("has a DURATION that is none")
    days = timedelta(days=length.days)
    return days, length - days


def elapsed(start: Moment, end: Moment) -> timedelta:
    """The time from `start` to `end`; negative where `end` comes first."""
    exact = end.instant - start.instant
    if exact < timedelta() and end.zone == start.zone:
        return end.wall - start.wall  # a start that a spring change moved behind its end
    return exact
