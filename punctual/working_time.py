"""Time that counts only while people work: deadlines and escalations neither run nor fire at night or on holidays.

Local hours become instants by the rule of `punctual.calendar`. Working time is what really elapses in them, so a
shift over a change of clocks is an hour shorter or longer. What a skipped hour would push past midnight falls away.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from punctual.calendar import resolve
from punctual.policy import Day, WorkingHours
from punctual.wire import zone

_DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)
_LONGEST_PAUSE = timedelta(days=5 * 366)
_LAST_YEAR = 3000
_MORNING = time.fromisoformat("09:00")

_Hours = tuple[tuple[time, time | None], ...]
"""The intervals of a weekday; None is midnight at its end."""


@dataclass(frozen=True)
class WorkingTime:
    """Half-open local intervals by weekday, without holidays; `ALWAYS` has no hours: every moment counts.

    Instants are aware, answers are in UTC. What looks for working time raises ValueError if none comes within five
    years, or if what it needs does not come before the year 3000.
    """

    where: ZoneInfo
    week: tuple[_Hours, ...] | None = None
    """The hours of the seven weekdays from Monday on."""
    country: str | None = None
    holidays: frozenset[str] = frozenset()
    """Days off besides those of the country, as ISO dates."""

    def add(self, start: datetime, length: timedelta) -> datetime:
        """The instant at which `length` of working time has passed since `start`; for none, as `opening`."""
        if length < timedelta():
            raise ValueError("the length must not be negative")
        if self.week is None:
            return start.astimezone(UTC) + length
        left = length
        for opens, closes in self._intervals_from(start):
            if left <= closes - opens:
                return opens + left
            left -= closes - opens
        raise ValueError(f"the calendar has less working time than {length} before the year {_LAST_YEAR}")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The working time in [start, end); zero if `end` is not after `start`."""
        # Python reckons by the wall clock between two times of one zone.
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        if self.week is None:
            return max(end - start, timedelta())
        worked, day, last = timedelta(), self._local_day(start), self._local_day(end)
        while day <= last:
            for opens, closes in self._intervals_on(day):
                worked += max(min(closes, end) - max(opens, start), timedelta())
            day += _DAY
        return worked

    def opening(self, at: datetime) -> datetime:
        """`at` if it is working time, else the next instant that is."""
        return self.add(at, timedelta())

    def next_morning(self, at: datetime) -> datetime:
        """The first working instant on a later local day; 09:00 on the next one where every moment counts."""
        tomorrow = self._local_day(at) + _DAY
        if self.week is None:
            return resolve(datetime.combine(tomorrow, _MORNING), self.where)
        return self.opening(resolve(datetime.combine(tomorrow, time.min), self.where))

    def _local_day(self, at: datetime) -> date:
        return at.astimezone(self.where).date()

    def _intervals_from(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The working intervals that end after `at`, the first one cut to begin no earlier."""
        at = at.astimezone(UTC)
        day = worked = self._local_day(at)
        while day.year < _LAST_YEAR:
            for opens, closes in self._intervals_on(day):
                if closes > at:
                    worked = day
                    yield max(opens, at), closes
            day += _DAY
            if day - worked > _LONGEST_PAUSE:
                raise ValueError(f"the calendar has no working time in the five years after {worked}")

    def _intervals_on(self, day: date) -> list[tuple[datetime, datetime]]:
        """The working intervals of a local day as instants, in order; they may touch and do not overlap."""
        hours = self.week[day.weekday()] if self.week else ()
        if not hours or self._is_holiday(day):
            return []
        midnight = resolve(datetime.combine(day + _DAY, time.min), self.where)
        found: list[tuple[datetime, datetime]] = []
        # Out of a skipped hour, an interval may move onto or beyond the one that follows it.
        for opens, closes in sorted(self._resolved(day, span, midnight) for span in hours):
            begin = max(opens, found[-1][1]) if found else opens
            if begin < closes:
                found.append((begin, closes))
        return found

    def _resolved(self, day: date, span: tuple[time, time | None], midnight: datetime) -> tuple[datetime, datetime]:
        opens, closes = span
        end = midnight if closes is None else resolve(datetime.combine(day, closes), self.where)
        return resolve(datetime.combine(day, opens), self.where), min(end, midnight)

    def _is_holiday(self, day: date) -> bool:
        listed = bool(self.holidays) and day.isoformat() in self.holidays
        return listed or (self.country is not None and day in public_holidays(self.country, day.year))


ALWAYS = WorkingTime(zone("UTC"))


def working_time(calendar: WorkingHours | None, zone_name: str) -> WorkingTime:
    """The calendar's working time, in its own zone or else in `zone_name`; without a calendar, always."""
    if calendar is None:
        return WorkingTime(zone(zone_name))
    return WorkingTime(
        where=zone(calendar.timezone or zone_name),
        week=tuple(tuple(map(_times, calendar.hours.get(day, []))) for day in _DAYS),
        country=calendar.country,
        holidays=frozenset(calendar.holidays),
    )


def _times(interval: tuple[str, str]) -> tuple[time, time | None]:
    start, end = interval
    return time.fromisoformat(start), None if end == "24:00" else time.fromisoformat(end)


@cache
def public_holidays(country: str, year: int) -> frozenset[date]:
    """The public holidays of a country (ISO 3166, two letters) in a year; none for a country nobody knows."""
    from holidays import country_holidays  # noqa: PLC0415 — it would weigh on every import of the core

    with warnings.catch_warnings():
        # It warns that some feasts of a country are known for some decades only.
        warnings.simplefilter("ignore")
        try:
            return frozenset(country_holidays(country, years=year))
        except NotImplementedError:
            return frozenset()
