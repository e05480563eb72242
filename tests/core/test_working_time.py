"""Working time agrees with a count minute by minute, over holidays and over every change of clocks."""

import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from punctual.calendar import resolve
from punctual.policy import OFFICE_HOURS, Day, WorkingHours
from punctual.wire import zone
from punctual.working_time import ALWAYS, WorkingTime, working_time
from tests.core.strategies import instants, zones

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
WEEK: tuple[Day, ...] = get_args(Day)
# Where clocks change: by an hour, by half an hour, from 23:00 to midnight, and by a whole day that never was.
EDGES = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("America/Nuuk", date(2026, 3, 28)),
    ("America/Nuuk", date(2026, 10, 24)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Pacific/Apia", date(2012, 4, 1)),
    ("Asia/Kolkata", date(2026, 6, 14)),
]


@dataclass(frozen=True)
class Case:
    """A calendar around a change of clocks, and each of its working minutes in the window around that day."""

    calendar: WorkingHours
    zone_name: str
    edge: date

    @property
    def measure(self) -> WorkingTime:
        return working_time(self.calendar, self.zone_name)

    def minutes(self) -> list[datetime]:
        """The beginnings of all working minutes from three days before the edge to six days after."""
        where, found = zone(self.zone_name), set()
        for day in (self.edge + DAY * number for number in range(-3, 7)):
            if day.isoformat() in self.calendar.holidays:
                continue
            for start, end in self.calendar.hours[WEEK[day.weekday()]]:
                minute, closes = resolve(_wall(day, start), where), resolve(_wall(day, end), where)
                while minute < closes:
                    if minute.astimezone(where).date() == day:
                        found.add(minute)
                    minute += MINUTE
        return sorted(found)


def _wall(day: date, at: str) -> datetime:
    hour, minute = map(int, at.split(":"))
    return datetime.combine(day, time()) + timedelta(hours=hour, minutes=minute)


def _text(quarter: int) -> str:
    return f"{quarter // 4:02}:{quarter % 4 * 15:02}"


@st.composite
def hours(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Up to three intervals in quarters of an hour, which may touch; often near the hours at which clocks change."""
    quarter = st.one_of(st.integers(0, 16), st.integers(88, 96), st.integers(0, 96))
    points = sorted(draw(st.lists(quarter, max_size=6)))
    pairs = zip(points[::2], points[1::2], strict=False)
    return [(_text(start), _text(end)) for start, end in pairs if start < end]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    name, edge = draw(st.sampled_from(EDGES))
    days_off = draw(st.lists(st.integers(-3, 6), max_size=3))
    calendar = WorkingHours(
        hours={day: draw(hours()) for day in WEEK},
        holidays=[(edge + DAY * number).isoformat() for number in days_off],
    )
    return Case(calendar, name, edge)


@st.composite
def moments(draw: st.DrawFn, case: Case) -> datetime:
    """From a day before the edge begins until two days after it; at times in local time, as callers may have it."""
    where = zone(case.zone_name)
    moment = resolve(datetime.combine(case.edge, time()), where) + MINUTE * draw(st.integers(-24 * 60, 72 * 60))
    return moment.astimezone(where) if draw(st.booleans()) else moment


@given(case=cases(), data=st.data())
def test_adding_counts_each_working_minute_once(case: Case, data: st.DataObject) -> None:
    """The answer is the end of the last minute counted, or the first working minute where none is to be counted."""
    start = data.draw(moments(case))
    ahead = [minute for minute in case.minutes() if minute >= start]
    assume(ahead)
    length = data.draw(st.integers(0, len(ahead)))
    expected = ahead[length - 1] + MINUTE if length else ahead[0]
    answer = case.measure.add(start, MINUTE * length)
    assert (answer, answer.tzinfo) == (expected, UTC)


@given(case=cases(), data=st.data())
def test_the_time_between_is_the_count_of_its_working_minutes(case: Case, data: st.DataObject) -> None:
    """The start counts and the end does not; backwards it is nothing."""
    start, end = data.draw(moments(case)), data.draw(moments(case))
    expected = sum(start <= minute < end for minute in case.minutes())
    assert case.measure.between(start, end) == MINUTE * expected


@given(case=cases(), data=st.data())
def test_what_opens_is_the_first_working_minute(case: Case, data: st.DataObject) -> None:
    """From a moment on, and from the next local day on."""
    at = data.draw(moments(case))
    where = zone(case.zone_name)
    ahead = [minute for minute in case.minutes() if minute >= at]
    later = [minute for minute in ahead if minute.astimezone(where).date() > at.astimezone(where).date()]
    assume(later)
    opening, morning = case.measure.opening(at), case.measure.next_morning(at)
    assert (opening, morning) == (ahead[0], later[0])
    assert opening.tzinfo is morning.tzinfo is UTC


@given(case=cases(), data=st.data(), seconds=st.integers(0, 400_000), more=st.integers(0, 100_000))
def test_between_undoes_add_and_both_keep_order(case: Case, data: st.DataObject, seconds: int, more: int) -> None:
    """To the second, over weeks: what was added lies between; a later start or a longer time ends no earlier."""
    assume(any(case.calendar.hours.values()))
    measure = case.measure
    start, later = sorted([data.draw(moments(case)), data.draw(moments(case))], key=datetime.timestamp)
    length, longer = timedelta(seconds=seconds), timedelta(seconds=seconds + more)
    end = measure.add(start, length)
    assert start <= end
    assert measure.between(start, end) == length
    assert end <= measure.add(later, length)
    assert end <= measure.add(start, longer)


@given(moment=instants, name=zones, length=st.timedeltas(timedelta(), timedelta(days=3660)))
def test_without_a_calendar_every_moment_counts(moment: datetime, name: str, length: timedelta) -> None:
    """Working time is plain time then, and a morning is at nine."""
    always, where = working_time(None, name), zone(name)
    here, end = moment.astimezone(where), moment + length
    assert always.add(here, length) == end == ALWAYS.add(here, length)
    assert always.between(here, end.astimezone(where)) == length
    assert always.between(end, moment) == timedelta()
    assert always.opening(here) == moment
    assert always.add(here, length).tzinfo is always.next_morning(here).tzinfo is UTC
    morning = always.next_morning(moment).astimezone(where)
    assert (morning.date(), morning.time()) == (here.date() + DAY, time(9))


BERLIN = zone("Europe/Berlin")
OFFICE = working_time(OFFICE_HOURS, "Europe/Berlin")


def _berlin(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        (_berlin(2026, 11, 20, 17, 50), 30, _berlin(2026, 11, 23, 9, 20)),
        (_berlin(2026, 11, 20, 17, 50), 10, _berlin(2026, 11, 20, 18, 0)),
        (_berlin(2026, 11, 20, 18, 0), 0, _berlin(2026, 11, 23, 9, 0)),
        (_berlin(2026, 11, 20, 18, 0), 1, _berlin(2026, 11, 23, 9, 1)),
        (_berlin(2026, 11, 21, 12, 0), 0, _berlin(2026, 11, 23, 9, 0)),
        (_berlin(2026, 11, 23, 9, 0), 0, _berlin(2026, 11, 23, 9, 0)),
        (_berlin(2026, 11, 23, 3, 0), 9 * 60, _berlin(2026, 11, 23, 18, 0)),
        (_berlin(2026, 11, 23, 3, 0), 45 * 60, _berlin(2026, 11, 27, 18, 0)),
    ],
)
def test_office_hours_end_at_six_and_go_on_at_nine(start: datetime, minutes: int, end: datetime) -> None:
    """Friday 17:50 and thirty minutes is Monday 09:20; what ends exactly at closing time ends on that day."""
    assert OFFICE.add(start, MINUTE * minutes) == end


@pytest.mark.parametrize(
    ("country", "zone_name", "day"),
    [("IN", "Asia/Kolkata", date(2026, 1, 26)), ("DE", "Europe/Berlin", date(2028, 10, 3))],
)
def test_a_country_does_not_work_on_its_holidays(country: str, zone_name: str, day: date) -> None:
    """Republic Day and the Day of German Unity are no working days there, and are elsewhere."""
    where = zone(zone_name)
    morning = resolve(datetime.combine(day, time(9)), where)
    calendar = OFFICE_HOURS.model_copy(update={"country": country})
    assert working_time(OFFICE_HOURS, zone_name).opening(morning) == morning
    assert working_time(calendar, zone_name).opening(morning) == morning + DAY
    assert working_time(calendar, zone_name).between(morning, morning + DAY) == timedelta()


def test_a_country_that_nobody_knows_has_no_holidays() -> None:
    """A policy stored before countries were checked is followed."""
    calendar = OFFICE_HOURS.model_copy(update={"country": "ZZ"})
    assert working_time(calendar, "UTC").opening(_berlin(2026, 12, 25, 12)) == _berlin(2026, 12, 25, 12)


def test_decades_beyond_what_is_known_of_a_country_raise_no_alarm() -> None:
    """India's Diwali is known until 2035; a deadline after that still has an answer, and no warning is an error."""
    calendar = OFFICE_HOURS.model_copy(update={"country": "IN"})
    assert working_time(calendar, "Asia/Kolkata").add(_berlin(2026, 1, 1), timedelta(days=3660)).year > 2060


SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


@pytest.mark.parametrize(
    ("day", "intervals", "worked", "end"),
    [
        (SPRING, [("01:00", "04:00")], timedelta(hours=2), "04:00"),
        (SPRING, [("00:00", "24:00")], timedelta(hours=23), "24:00"),
        (SPRING, [("02:00", "03:00"), ("05:00", "06:00")], timedelta(hours=1), "06:00"),
        (SPRING, [("01:00", "02:30"), ("03:00", "04:00")], timedelta(hours=2), "04:00"),
        (SPRING, [("02:30", "02:45"), ("03:00", "04:00")], timedelta(hours=1), "04:00"),
        (AUTUMN, [("01:00", "04:00")], timedelta(hours=4), "04:00"),
        (AUTUMN, [("00:00", "24:00")], timedelta(hours=25), "24:00"),
        (AUTUMN, [("02:00", "02:30")], timedelta(minutes=30), "02:30"),
        (AUTUMN, [("02:00", "02:30"), ("02:30", "03:00")], timedelta(hours=2), "03:00"),
    ],
)
def test_a_shift_over_a_change_of_clocks_is_as_long_as_it_really_is(
    day: date, intervals: list[tuple[str, str]], worked: timedelta, end: str
) -> None:
    """Skipped time moves forward and is not counted twice there; a repeated time is its first occurrence."""
    midnight = datetime.combine(day, time(), BERLIN)
    measure = working_time(WorkingHours(hours={"sun": intervals}), "Europe/Berlin")
    assert measure.between(midnight, midnight + DAY) == worked
    assert measure.add(midnight, worked) == resolve(_wall(day, end), BERLIN)


def test_a_calendar_has_its_own_zone_or_the_one_it_is_given() -> None:
    """Nine o'clock is the calendar's nine o'clock where it names a zone."""
    own = OFFICE_HOURS.model_copy(update={"timezone": "Asia/Kolkata"})
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    assert working_time(own, "Europe/Berlin").opening(midnight) == datetime(2026, 11, 20, 3, 30, tzinfo=UTC)
    assert working_time(OFFICE_HOURS, "Europe/Berlin").opening(midnight) == datetime(2026, 11, 20, 8, tzinfo=UTC)


EVERY_MONDAY = [(date(2026, 11, 23) + 7 * DAY * week).isoformat() for week in range(300)]


@pytest.mark.parametrize(
    "calendar",
    [
        WorkingHours(),
        WorkingHours(hours={"mon": [], "tue": []}),
        WorkingHours(hours={"mon": [("09:00", "18:00")]}, holidays=EVERY_MONDAY),
    ],
)
def test_a_calendar_that_never_works_is_refused_and_not_searched_for_ever(calendar: WorkingHours) -> None:
    """Five years without working time end the search; there simply is none between two instants."""
    at = _berlin(2026, 11, 20)
    measure = working_time(calendar, "Europe/Berlin")
    for search in (measure.opening, measure.next_morning, lambda moment: measure.add(moment, DAY)):
        with pytest.raises(ValueError, match="no working time in the five years after 2026-11-2"):
            search(at)
    assert measure.between(at, at + 700 * DAY) == timedelta()


def test_years_of_holidays_are_passed_if_work_begins_again() -> None:
    """Less than five years of rest are a rest."""
    calendar = WorkingHours(hours={"mon": [("09:00", "18:00")]}, holidays=EVERY_MONDAY[:200])
    work_again = _berlin(2026, 11, 23, 9) + 200 * 7 * DAY
    assert working_time(calendar, "Europe/Berlin").opening(_berlin(2026, 11, 20)) == work_again


def test_what_would_take_a_thousand_years_is_refused() -> None:
    """A minute a week never makes ten years."""
    measure = working_time(WorkingHours(hours={"mon": [("09:00", "09:01")]}), "UTC")
    with pytest.raises(ValueError, match="before the year 3000"):
        measure.add(_berlin(2026, 11, 20), timedelta(days=3660))


@pytest.mark.parametrize("measure", [ALWAYS, OFFICE])
def test_time_does_not_run_backwards(measure: WorkingTime) -> None:
    """A negative length is a mistake, with a calendar and without."""
    with pytest.raises(ValueError, match="must not be negative"):
        measure.add(_berlin(2026, 11, 20), -MINUTE)


def test_importing_the_core_does_not_load_the_holidays_of_the_world() -> None:
    """Whoever uses the client from a CRM pays nothing for calendars."""
    modules = "punctual.working_time, punctual.policy, punctual.client"
    program = f"import sys, {modules}; sys.exit('holidays' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0
