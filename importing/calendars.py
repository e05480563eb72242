"""A calendar file as a whole: which appointments it wants, and which of its components are refused."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar

from icalendar import Event

from importing import Refused, ics
from importing.ics import Calendars
from importing.recurrence import LIMIT, expand, recurs
from importing.report import Report
from importing.wanted import Length, Source, Wanted, Writer, assignees, moment, shown_uid, source
from importing.zones import Moment, Zones, iana

K = TypeVar("K")
_NOT_YET = ("VTODO", "VJOURNAL", "VFREEBUSY")


@dataclass(frozen=True)
class Frame:
    """How a file is looked at: when, how far ahead, where its first day falls, and under which name."""

    name: str
    now: datetime
    horizon: datetime
    shift_to: date | None = None
    allowed_hosts: Collection[str] = ()


@dataclass
class Contents:
    """What the file wants, by id. `spared` are UIDs that --sync leaves alone: the file has them, if not in full."""

    wanted: dict[str, Wanted] = field(default_factory=dict)
    spared: set[str] = field(default_factory=set)


class Reader:
    """Reads the components of one file, in two steps: who is named in it, then (their zones known) what it wants.

    What it has to refuse goes to the report.
    """

    def __init__(self, calendars: Calendars, report: Report, assignee: str | None) -> None:
        self._report = report
        self._contents = Contents()
        self._left_out: set[tuple[str, datetime]] = set()
        self._zones = Zones(filter(None, map(ics.timezone, calendars.named("VTIMEZONE"))))
        self._events: list[tuple[int, Event, list[str]]] = []
        for block in calendars.named("VEVENT"):
            with self._refusing(block.line, block.uid):
                event = ics.event(block)
                self._events.append((block.line, event, assignees(event, assignee)))
        for name in _NOT_YET:
            for block in calendars.named(name):
                report.note(block.line, name, f"skipped: {name} is not imported yet")

    @property
    def people(self) -> set[str]:
        """Those whose zones floating times are in: each component's first assignee."""
        return {people[0] for _, _, people in self._events if people}

    def read(self, floating: Mapping[str, str], otherwise: str, frame: Frame) -> Contents:
        """The appointments; floating times are in the zone of the first assignee (`floating`), else `otherwise`."""
        sources: list[Source] = []
        for line, event, people in self._events:
            zone = floating.get(people[0], otherwise) if people else otherwise
            with self._refusing(line, str(event.get("UID", ""))):
                try:
                    sources.append(source(line, event, self._zones, people, zone))
                except Refused:
                    self._leave_out(event, zone)
                    raise
        masters = self._latest([(item.uid, item) for item in sources if item.replaces is None])
        overrides = self._latest(
            [
                ((item.uid, _original(item.replaces, masters.get(item.uid))), item)
                for item in sources
                if item.replaces is not None
            ]
        )
        first = min((item.start.wall.date() for item in sources), default=None)
        shift = frame.shift_to - first if frame.shift_to and first else timedelta()
        writer = Writer(frame.name, shift, frame.allowed_hosts)
        apart = self._left_out | overrides.keys()
        for item in masters.values():
            with self._refusing(item.line, item.uid):
                for wanted in list(self._instances(item, writer, shift, frame, apart)):
                    self._contents.wanted[wanted.id] = wanted
        for (_, original), item in overrides.items():
            with self._refusing(item.line, item.uid):
                end = Length(item, self._zones).end(item.start)
                wanted = writer.write(item, item.start, end, original)
                self._contents.wanted[wanted.id] = wanted
        return self._contents

    def _instances(
        self, item: Source, writer: Writer, shift: timedelta, frame: Frame, apart: Collection[tuple[str, datetime]]
    ) -> Iterator[Wanted]:
        length, zone = Length(item, self._zones), item.start.zone
        if not recurs(item.event):
            yield writer.write(item, item.start, length.end(item.start), None)
            return
        # A shifted series is followed where it stood, over the window that the shift moves onto ours.
        now, horizon = (zone.wall(instant) - shift for instant in (frame.now, frame.horizon))
        instances = expand(item.event, item.start, self._zones, now=now, horizon=horizon)
        if instances.cut:
            self._contents.spared.add(shown_uid(item.uid))
            self._report.note(item.line, "VEVENT", f"recurs more often; {LIMIT:,} instances are imported")
        for wall in instances.walls:
            at = Moment(wall, zone, item.start.all_day)
            if (item.uid, at.instant) not in apart:
                own = instances.lengths.get(wall)
                yield writer.write(item, at, length.end(at) if own is None else at.instant + own, at.instant)

    def _latest(self, items: Iterable[tuple[K, Source]]) -> dict[K, Source]:
        """The newest version of each; the others are noted."""
        newest: dict[K, Source] = {}
        for key, item in sorted(items, key=lambda pair: pair[1].version):
            if key in newest:
                self._report.note(
                    newest[key].line, "VEVENT", f"overtaken by line {item.line}, which has the same UID"
                )
            newest[key] = item
        return newest

    def _leave_out(self, event: Event, floating: str) -> None:
        """An instance whose own component is refused must not come in as the series would have it."""
        original = moment(event, "RECURRENCE-ID", self._zones, iana(floating))
        if original is not None:
            self._left_out.add((str(event.get("UID", "")), original.instant))

    @contextmanager
    def _refusing(self, line: int, uid: str | None) -> Iterator[None]:
        try:
            yield
        except Refused as reason:
            self._refuse(line, uid, str(reason))
        except (ValueError, OverflowError, TypeError, AttributeError) as error:
            self._refuse(line, uid, f"cannot be read: {error}")

    def _refuse(self, line: int, uid: str | None, reason: str) -> None:
        self._report.refuse(line, "VEVENT", reason)
        if uid:
            self._contents.spared.add(shown_uid(uid))


def _original(replaces: Moment, master: Source | None) -> datetime:
    """The instant of the instance that is replaced; a mere day means the series' own time on that day."""
    if master is not None and replaces.all_day and not master.start.all_day:
        wall = datetime.combine(replaces.wall.date(), master.start.wall.time())
        return master.start.zone.instant(wall)
    return replaces.instant
