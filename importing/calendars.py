"""A calendar file as a whole: which entities it wants, and which of its components are refused."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar

from icalendar import Component

from importing import Refused, ics
from importing.appointments import AppointmentForm
from importing.components import Source, assignees, moment, source
from importing.follow_ups import FollowUpForm
from importing.ics import Block, Calendars
from importing.recurrence import LIMIT, expand, recurs
from importing.report import Report
from importing.texts import shown_uid
from importing.wanted import Form, Setting, Wanted
from importing.zones import Moment, Zones, iana

K = TypeVar("K")
_FORMS: dict[str, type[Form]] = {"VEVENT": AppointmentForm, "VTODO": FollowUpForm}
_NOT_IMPORTED = ("VJOURNAL", "VFREEBUSY")

_Instance = tuple[str, str, datetime]
"""One instance of a series: the component's name, its UID, and the original instant."""


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
    """What the file wants, by kind and id.

    `spared` are the kinds and UIDs that --sync leaves alone: the file has them, if not in full.
    """

    wanted: dict[tuple[str, str], Wanted] = field(default_factory=dict)
    spared: set[tuple[str, str]] = field(default_factory=set)

    def add(self, wanted: Iterable[Wanted]) -> None:
        self.wanted.update((item.key, item) for item in wanted)


class Reader:
    """Reads the components of one file, in two steps: who is named in it, then (their zones known) what it wants.

    What it has to refuse goes to the report.
    """

    def __init__(self, calendars: Calendars, report: Report, assignee: str | None) -> None:
        self._report = report
        self._contents = Contents()
        self._left_out: set[_Instance] = set()
        self._zones = Zones(filter(None, map(ics.timezone, calendars.named("VTIMEZONE"))))
        self._components: list[tuple[Block, Component, list[str]]] = []
        for name in _FORMS:
            for block in calendars.named(name):
                with self._refusing(block.line, name, block.uid):
                    component = ics.component(block)
                    self._components.append((block, component, assignees(component, assignee)))
        for name in _NOT_IMPORTED:
            for block in calendars.named(name):
                report.note(block.line, name, f"skipped: {name} is not imported")

    @property
    def people(self) -> set[str]:
        """Those whose zones floating times are in: each component's first assignee."""
        return {people[0] for _, _, people in self._components if people}

    def read(self, floating: Mapping[str, str], otherwise: str, frame: Frame) -> Contents:
        """The entities; floating times are in the zone of the first assignee (`floating`), else `otherwise`."""
        sources = list(self._sources(floating, otherwise))
        masters = self._latest([((item.name, item.uid), item) for item in sources if item.replaces is None])
        overrides = self._latest(
            [
                ((item.name, item.uid, _original(item.replaces, masters.get((item.name, item.uid)))), item)
                for item in sources
                if item.replaces is not None
            ]
        )
        first = min((item.start.wall.date() for item in sources), default=None)
        shift = frame.shift_to - first if frame.shift_to and first else timedelta()
        setting = Setting(frame.name, self._zones, frame.now, shift, frame.allowed_hosts)
        apart = self._left_out | overrides.keys()
        for item in masters.values():
            with self._refusing(item.line, item.name, item.uid):
                form = _FORMS[item.name](item, setting)
                if recurs(item.component):
                    self._contents.add(self._instances(item, form, setting, frame, apart))
                else:
                    self._contents.add([form.write(item.start)])
        for (_, _, original), item in overrides.items():
            with self._refusing(item.line, item.name, item.uid):
                self._contents.add([_FORMS[item.name](item, setting).write(item.start, original)])
        return self._contents

    def _sources(self, floating: Mapping[str, str], otherwise: str) -> Iterator[Source]:
        for block, component, people in self._components:
            zone = floating.get(people[0], otherwise) if people else otherwise
            with self._refusing(block.line, block.name, str(component.get("UID", ""))):
                try:
                    found = source(block.line, block.name, component, self._zones, people, zone)
                except Refused:
                    self._leave_out(block.name, component, zone)
                    raise
                yield found

    def _instances(
        self, item: Source, form: Form, setting: Setting, frame: Frame, apart: Collection[_Instance]
    ) -> list[Wanted]:
        """A series without the instances that have a component of their own."""
        zone = item.start.zone
        # A shifted series is followed where it stood, over the window that the shift moves onto ours.
        now, horizon = (zone.wall(instant) - setting.shift for instant in (frame.now, frame.horizon))
        instances = expand(item.component, item.start, self._zones, now=now, horizon=horizon)
        if instances.cut:
            self._spare(item.name, item.uid)
            self._report.note(item.line, item.name, f"recurs more often; {LIMIT:,} instances are imported")
        moments = [Moment(wall, zone, item.start.all_day) for wall in instances.walls]
        series = form.series([form.write(at, at.instant, instances.lengths.get(at.wall)) for at in moments])
        return [
            wanted
            for at, wanted in zip(moments, series, strict=True)
            if (item.name, item.uid, at.instant) not in apart
        ]

    def _latest(self, items: Iterable[tuple[K, Source]]) -> dict[K, Source]:
        """The newest version of each; the others are noted."""
        newest: dict[K, Source] = {}
        for key, item in sorted(items, key=lambda pair: pair[1].version):
            if key in newest:
                self._report.note(
                    newest[key].line, item.name, f"overtaken by line {item.line}, which has the same UID"
                )
            newest[key] = item
        return newest

    def _leave_out(self, name: str, component: Component, floating: str) -> None:
        """An instance whose own component is refused must not come in as the series would have it."""
        original = moment(component, "RECURRENCE-ID", self._zones, iana(floating))
        if original is not None:
            self._left_out.add((name, str(component.get("UID", "")), original.instant))

    @contextmanager
    def _refusing(self, line: int, name: str, uid: str | None) -> Iterator[None]:
        try:
            yield
        except Refused as reason:
            self._refuse(line, name, uid, str(reason))
        except (ValueError, OverflowError, TypeError, AttributeError) as error:
            self._refuse(line, name, uid, f"cannot be read: {error}")

    def _refuse(self, line: int, name: str, uid: str | None, reason: str) -> None:
        self._report.refuse(line, name, reason)
        if uid:
            self._spare(name, uid)

    def _spare(self, name: str, uid: str) -> None:
        self._contents.spared.add((_FORMS[name].kind, shown_uid(uid)))


def _original(replaces: Moment, master: Source | None) -> datetime:
    """The instant of the instance that is replaced; a mere day means the series' own time on that day."""
    if master is not None and replaces.all_day and not master.start.all_day:
        wall = datetime.combine(replaces.wall.date(), master.start.wall.time())
        return master.start.zone.instant(wall)
    return replaces.instant
