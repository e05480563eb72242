"""From a calendar's components to appointments as the file wants them to be."""

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from icalendar import Event

from importing import Refused
from importing.zones import Moment, Zone, Zones, iana, shifted
from punctual import urls
from punctual.errors import UnsafeUrl
from punctual.wire import ID_PATTERN, stamp

_ID = re.compile(ID_PATTERN)
_LONGEST_ID = 128 - len("~20260301T090000Z")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]+")
_DATES = frozenset({"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"})
_ONCE = (*sorted(_DATES - {"RRULE", "RDATE", "EXDATE"}), "UID", "STATUS", "X-PUNCTUAL-ASSIGNEE")


@dataclass(frozen=True)
class Source:
    """A VEVENT that makes sense: whose it is, when it starts, and which instance of a series it replaces."""

    line: int
    event: Event
    uid: str
    assignees: list[str]
    start: Moment
    replaces: Moment | None

    @property
    def version(self) -> tuple[int, bytes, int]:
        """Of several components for the same thing the greatest counts."""
        stamped = self.event.get("DTSTAMP")
        sequence = self.event.get("SEQUENCE", 0)
        return (
            sequence if isinstance(sequence, int) else 0,
            stamped.to_ical() if hasattr(stamped, "to_ical") else b"",
            self.line,
        )

    @property
    def cancelled(self) -> bool:
        return str(self.event.get("STATUS", "")).strip().upper() == "CANCELLED"


@dataclass(frozen=True)
class Wanted:
    """An appointment as the file has it: the `data` of its event, and the line of its component."""

    line: int
    data: dict[str, Any]
    cancelled: bool = False

    @property
    def id(self) -> str:
        return str(self.data["id"])


def assignees(event: Event, given: str | None) -> list[str]:
    """Who is named by the component's own X-PUNCTUAL-ASSIGNEE (ids between commas), else the one given."""
    own = [name.strip() for name in str(event.get("X-PUNCTUAL-ASSIGNEE", "")).split(",") if name.strip()]
    return own or ([given] if given else [])


def source(line: int, event: Event, zones: Zones, people: list[str], floating: str) -> Source:
    """A component whose times can be read; raises Refused, also where it has no UID, DTSTART or assignee.

    Floating times and whole days are in the zone `floating`.
    """
    broken = sorted({name for name, _ in event.errors if name in _DATES})
    if broken:
        raise Refused(f"has an unreadable {broken[0]}")
    twice = next((name for name in _ONCE if isinstance(event.get(name), list)), None)
    if twice:
        raise Refused(f"has more than one {twice}")
    for name in ("UID", "DTSTART"):
        if not str(event.get(name, "")).strip():
            raise Refused(f"has no {name}")
    if not people:
        raise Refused("has no assignee: give --assignee, or X-PUNCTUAL-ASSIGNEE in the component")
    if "RANGE" in getattr(event.get("RECURRENCE-ID"), "params", {}):
        raise Refused("uses RANGE=THISANDFUTURE; write the later instances as a series of their own")
    here = iana(floating)
    start = moment(event, "DTSTART", zones, here)
    assert start is not None, "DTSTART is there"
    replaces = moment(event, "RECURRENCE-ID", zones, here)
    return Source(line, event, str(event["UID"]), people, start, replaces)


def moment(event: Event, name: str, zones: Zones, floating: Zone) -> Moment | None:
    """When a property says, or None where there is no such property; raises Refused or ValueError for nonsense."""
    value = event.get(name)
    if value is None:
        return None
    found = zones.moment(value.dt, value.params, floating)
    _ = found.instant  # what lies outside of the calendar fails here, in its own component
    return found


class Length:
    """How long a component is: by the clock (DTEND), by days and hours (DURATION), or without an end."""

    def __init__(self, item: Source, zones: Zones) -> None:
        self.days, self.exact, self.open = timedelta(), timedelta(), False
        event, start = item.event, item.start
        end = moment(event, "DTEND", zones, start.zone)
        if end is not None:
            self._until(start, end)
        elif "DURATION" in event:
            length = event.get("DURATION").dt
            if not isinstance(length, timedelta) or length < timedelta():
                raise Refused("has a DURATION that is none")
            # A day of a DURATION is a calendar day, whatever daylight saving does in it.
            self.days, self.exact = timedelta(days=length.days), length - timedelta(days=length.days)
        elif start.all_day:
            self.days = timedelta(days=1)
        else:
            self.open = True

    def _until(self, start: Moment, end: Moment) -> None:
        if start.all_day and end.all_day:
            self.days = end.wall - start.wall
        else:
            self.exact = end.instant - start.instant
            if self.exact < timedelta() and end.zone == start.zone:
                self.exact = end.wall - start.wall  # a start that a spring change moved behind its end
        if self.days < timedelta() or self.exact < timedelta():
            raise Refused("has a DTEND before its DTSTART")

    def end(self, start: Moment) -> datetime | None:
        """When what begins at `start` ends."""
        if self.open:
            return None
        return max(start.zone.instant(start.wall + self.days), start.instant) + self.exact


class Writer:
    """Writes appointments. `shift` moves wall times by whole days; `imported_from` names the file for --sync."""

    def __init__(self, imported_from: str, shift: timedelta, allowed_hosts: Collection[str]) -> None:
        self._imported_from = imported_from
        self._shift = shift
        self._allowed_hosts = allowed_hosts

    def write(self, item: Source, at: Moment, end: datetime | None, recurrence: datetime | None) -> Wanted:
        """`item` at one time; `recurrence` is the original instant of an instance of a series."""
        event, zone = item.event, at.zone
        starts = shifted(at.instant, zone, self._shift)
        id_ = base_id(item.uid)
        metadata: dict[str, Any] = {"ical_uid": shown_uid(item.uid), "import": self._imported_from}
        if at.all_day:
            metadata["all_day"] = True
        if recurrence is not None:
            id_ = f"{id_}~{stamp(recurrence)}"
            metadata["recurrence_id"] = stamp(recurrence)
        data = {
            "id": id_,
            "title": text(event.get("SUMMARY"), 300) or "Appointment",
            "customer_name": _customer(event),
            "timezone": zone.name,
            "starts_at": starts.isoformat(),
            "assignee_ids": item.assignees,
            "location": text(event.get("LOCATION"), 500) or None,
            "action_url": self._url(event),
            "metadata": metadata,
        }
        if end is not None:
            moved = shifted(end, zone, self._shift)
            data["ends_at"] = (moved if moved >= starts else starts + (end - at.instant)).isoformat()
        present = {name: value for name, value in data.items() if value is not None}
        return Wanted(item.line, present, item.cancelled)

    def _url(self, event: Event) -> str | None:
        try:
            return urls.action_url(text(event.get("URL"), 2001), self._allowed_hosts)
        except UnsafeUrl:
            return None


def base_id(uid: str) -> str:
    """The entity id of a UID: itself where it is one (and leaves room for an instance's time), else its digest."""
    fits = len(uid) <= _LONGEST_ID and _ID.match(uid)
    return uid if fits else hashlib.sha256(uid.encode("utf-8", "replace")).hexdigest()[:32]


def shown_uid(uid: str) -> str:
    """A UID as it stands in an appointment's metadata."""
    return text(uid, 300)


def text(value: Any, longest: int) -> str:
    """The first of an iCalendar property's values on one line, without control characters and overrides."""
    if isinstance(value, list):
        value = value[0]
    plain = _CONTROL.sub(" ", "" if value is None else str(value))
    return " ".join(plain.split())[:longest].rstrip()


def _customer(event: Event) -> str:
    """The first attendee: by name, else by what stands before the @."""
    attendee = event.get("ATTENDEE")
    if isinstance(attendee, list):
        attendee = attendee[0]
    if attendee is None:
        return ""
    params: Mapping[str, Any] = getattr(attendee, "params", {})
    local = re.sub(r"^mailto:", "", str(attendee), flags=re.IGNORECASE).partition("@")[0]
    return text(params.get("CN"), 500) or text(local, 500)
