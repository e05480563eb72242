"""Which zone a calendar means, and the moments it names in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from dateutil.tz import resolve_imaginary
from icalendar import Timezone
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from importing import Refused
from punctual import calendar, wire


@dataclass(frozen=True)
class Zone:
    """How wall times are read. `name` is the IANA name that people are shown, None where the file names no place."""

    where: tzinfo
    name: str | None

    def instant(self, wall: datetime) -> datetime:
        """The UTC instant of a naive wall time, by the product's rule for gaps and repeats."""
        if self.name is None and self.where is not UTC:
            # A zone made of a file's own rules does not know Python's reading of a skipped time.
            wall = resolve_imaginary(wall.replace(tzinfo=self.where)).replace(tzinfo=None)
        return calendar.resolve(wall, self.where)

    def wall(self, instant: datetime) -> datetime:
        """What clocks show at `instant`."""
        return instant.astimezone(self.where).replace(tzinfo=None)


UTC_TIMES = Zone(UTC, None)


@dataclass(frozen=True)
class Moment:
    """A time of the file; midnight where it is a whole day."""

    wall: datetime
    zone: Zone
    all_day: bool = False

    @property
    def instant(self) -> datetime:
        return self.zone.instant(self.wall)


def iana(name: str) -> Zone:
    """The zone of that IANA name; raises ValueError for anything else."""
    return Zone(wire.zone(name), name)


class Zones:
    """Zones by TZID: an IANA name, a Windows name, a vendor's path to one, or what the file itself defines."""

    def __init__(self, definitions: Iterable[Timezone]) -> None:
        self._definitions = {str(item["TZID"]): item for item in definitions if "TZID" in item}
        self._known: dict[str, Zone] = {}

    def named(self, tzid: str) -> Zone:
        """Raises Refused for a zone that nobody knows."""
        if tzid not in self._known:
            self._known[tzid] = self._by_name(tzid) or self._by_definition(tzid)
        return self._known[tzid]

    def moment(self, value: Any, params: Any, floating: Zone) -> Moment:
        """icalendar's `value` with its property's parameters; what names no zone is in `floating`."""
        tzid = params.get("TZID")
        if isinstance(value, datetime):
            all_day = str(params.get("VALUE", "")).upper() == "DATE"
            zone = self.named(str(tzid)) if tzid else floating if value.tzinfo is None else UTC_TIMES
            return Moment(value.replace(tzinfo=None), zone, all_day)
        if isinstance(value, date):
            zone = self.named(str(tzid)) if tzid else floating
            return Moment(datetime.combine(value, time()), zone, True)
        raise Refused("has a time where a date or a date and time belongs")

    def _by_name(self, tzid: str) -> Zone | None:
        plain = tzid.strip().strip("/")
        path = plain.split("/")
        tails = ("/".join(path[start:]) for start in range(1, len(path))) if tzid.startswith("/") else ()
        definition = self._definitions.get(tzid)
        place = str(definition.get("X-LIC-LOCATION", "")) if definition is not None else ""
        for name in (plain, WINDOWS_TO_OLSON.get(plain, ""), *tails, place):
            try:
                return iana(name)
            except ValueError:
                continue
        return None

    def _by_definition(self, tzid: str) -> Zone:
        definition = self._definitions.get(tzid)
        if definition is not None:
            try:
                zone = Zone(definition.to_tz(lookup_tzid=False), None)
                zone.instant(datetime(2026, 1, 1))  # noqa: DTZ001 - its rules are read on first use
                return zone
            except Exception as error:  # whatever dateutil meets in a stranger's rules
                raise Refused(f"the file's definition of the time zone {tzid!r} cannot be used") from error
        raise Refused(f"the time zone {tzid!r} is not known")


def shifted(moment: datetime, zone: Zone, days: timedelta) -> datetime:
    """The instant whose wall time in `zone` is that of `moment`, whole `days` later."""
    return zone.instant(zone.wall(moment) + days) if days else moment
