"""Quiet hours on every clock: what a clock calls quiet is, and it always ends."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from punctual.quiet_hours import DAYS, QuietHours, moment_of, quiet_until

ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia")
clock = st.builds(lambda hour, minute: f"{hour:02}:{minute:02}", st.integers(0, 23), st.integers(0, 59))
hours = st.builds(
    lambda start, end, days: QuietHours(enabled=start != end, start=start, end=end, days=days),
    clock, clock, st.lists(st.sampled_from(DAYS), min_size=1, max_size=7),
)  # fmt: skip
moments = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
zones = st.sampled_from(ZONES)


def _shows_quiet(quiet: QuietHours, wall: datetime) -> bool:
    """What a person reads off the clock and the calendar."""
    at, today = wall.time().replace(second=0), wall.weekday()
    start, end = time.fromisoformat(quiet.start), time.fromisoformat(quiet.end)
    if start < end:
        return start <= at < end and DAYS[today] in quiet.days
    return (at >= start and DAYS[today] in quiet.days) or (at < end and DAYS[today - 1] in quiet.days)


def _is_ordinary(moment: datetime, zone: str) -> bool:
    """Whether no clock is changed within two days."""
    where = ZoneInfo(zone)
    around = {(moment + timedelta(hours=offset)).astimezone(where).utcoffset() for offset in range(-48, 49, 6)}
    return len(around) == 1


@given(hours, moments, zones)
def test_on_ordinary_days_it_is_what_the_clock_shows(quiet: QuietHours, now: datetime, zone: str) -> None:
    """Days are those on which the window starts, its end is not in it."""
    assume(quiet.enabled and _is_ordinary(now, zone))
    until = quiet_until(quiet, zone, now)
    assert (until is not None) == _shows_quiet(quiet, now.astimezone(ZoneInfo(zone)))
    if until is not None:
        assert f"{until.astimezone(ZoneInfo(zone)):%H:%M:%S}" == f"{quiet.end}:00"


@given(hours, moments, zones, st.floats(0, 1, exclude_max=True))
@example(
    QuietHours(enabled=True, start="01:30", end="01:15"), datetime(2027, 10, 31, 0, 20, tzinfo=UTC), ZONES[1], 0.5
)
def test_it_ends_later_and_holds_until_then(quiet: QuietHours, now: datetime, zone: str, part: float) -> None:
    """On every day of every zone: the end is ahead, is not quiet itself, and all before it has the same end."""
    until = quiet_until(quiet, zone, now)
    if until is None:
        return
    assert now < until <= now + timedelta(days=3)
    assert quiet_until(quiet, zone, until) is None
    assert quiet_until(quiet, zone, now + (until - now) * part) == until


@given(moments, zones)
def test_what_is_off_is_never_quiet(now: datetime, zone: str) -> None:
    """Nothing is held back for who has not asked for it."""
    assert quiet_until(QuietHours(), zone, now) is None


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2027-10-31T00:45:00Z", "2027-10-31T01:30:00Z"),  # 02:45 the first time
        ("2027-10-31T01:10:00Z", "2027-10-31T01:30:00Z"),  # 02:10 the second time
        ("2027-03-28T00:59:00Z", "2027-03-28T01:30:00Z"),  # 02:30 is skipped, and read as 03:30
    ],
)
def test_an_end_that_a_clock_shows_twice_or_never(now: str, until: str) -> None:
    """The second occurrence ends it; a skipped one ends it as much later."""
    quiet = QuietHours(enabled=True, start="22:00", end="02:30")
    assert quiet_until(quiet, "Europe/Berlin", datetime.fromisoformat(now)) == datetime.fromisoformat(until)


def test_its_own_zone_counts_before_the_users() -> None:
    """Who travels may leave the quiet at home."""
    quiet = QuietHours(enabled=True, timezone="Asia/Kolkata")
    assert quiet_until(quiet, "UTC", datetime(2026, 11, 20, 17, tzinfo=UTC)) == datetime(
        2026, 11, 21, 1, 30, tzinfo=UTC
    )


@pytest.mark.parametrize("text", [None, 7, "", "soon", "2026-11-20T10:00:00", {"at": 1}])
def test_a_message_that_names_no_instant_is_none(text: object) -> None:
    """A workflow that is told nonsense is not wedged by it."""
    assert moment_of(text) is None
