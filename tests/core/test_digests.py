"""When digests come: properties over every zone, and the edges of daylight saving time."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from punctual.digests import Digest, last_digest, next_digest
from punctual.quiet_hours import DAYS
from punctual.wire import zone

TICK = timedelta(microseconds=1)
# Zones that the contract takes; the files beside them name no place.
EVERY_ZONE = sorted(name for name in available_timezones() if name not in ("Factory", "localtime"))
# Before this some clocks were off by odd seconds.
SINCE, UNTIL = datetime(1990, 1, 1), datetime(2060, 1, 1)

zones = st.sampled_from(EVERY_ZONE)
moments = st.datetimes(SINCE, UNTIL, timezones=st.just(UTC))
quarters = st.builds(lambda number: f"{number // 4:02}:{number % 4 * 15:02}", st.integers(0, 95))
chosen = st.builds(
    Digest, frequency=st.sampled_from(["daily", "weekly"]), at=quarters, weekday=st.sampled_from(DAYS)
)  # fmt: skip


def coming(digest: Digest, zone_name: str, after: datetime) -> datetime:
    found = next_digest(digest, zone_name, after)
    assert found is not None
    return found


def going(digest: Digest, zone_name: str, now: datetime) -> tuple[date, datetime]:
    found = last_digest(digest, zone_name, now)
    assert found is not None
    return found


@given(digest=chosen, zone_name=zones, now=moments)
def test_the_last_and_the_next_are_neighbours(digest: Digest, zone_name: str, now: datetime) -> None:
    """One is not after now, the other is, and nothing lies between them."""
    (_, last), following = going(digest, zone_name, now), coming(digest, zone_name, now)
    assert last <= now < following
    assert coming(digest, zone_name, last) == following
    assert coming(digest, zone_name, last - TICK) == last
    assert going(digest, zone_name, following)[1] == following
    assert going(digest, zone_name, following - TICK)[1] == last


@given(digest=chosen, zone_name=zones, now=moments)
def test_no_period_comes_twice(digest: Digest, zone_name: str, now: datetime) -> None:
    """From one to the next the local day goes forward, by a day or a week."""
    days: list[date] = []
    for _ in range(10):
        now = coming(digest, zone_name, now)
        days.append(going(digest, zone_name, now)[0])
    steps = {(after - before).days for before, after in pairwise(days)}
    # Where a zone has skipped a whole day, that day and the next fall on one instant.
    assert steps <= ({1, 2} if digest.frequency == "daily" else {7})
    assert digest.frequency == "daily" or {DAYS[day.weekday()] for day in days} == {digest.weekday}


@given(digest=chosen, zone_name=zones, now=moments)
def test_the_clock_on_the_wall_shows_the_chosen_time(digest: Digest, zone_name: str, now: datetime) -> None:
    """At its first showing, or as much later as clocks jumped over it."""
    day, moment = going(digest, zone_name, now)
    wall = datetime.combine(day, time.fromisoformat(digest.at))
    local = moment.astimezone(zone(zone_name))
    if local.replace(tzinfo=None) == wall:
        assert local.fold == 0
    else:
        assert not any(_shows(zone_name, wall, fold) for fold in (0, 1))
        assert wall < local.replace(tzinfo=None) <= wall + timedelta(days=1)


def _shows(zone_name: str, wall: datetime, fold: int) -> bool:
    """Whether clocks ever show this time."""
    there = wall.replace(tzinfo=zone(zone_name), fold=fold).astimezone(UTC).astimezone(zone(zone_name))
    return there.replace(tzinfo=None) == wall


@given(digest=chosen, zone_name=zones, now=moments)
def test_every_quarter_hour_is_one_of_utc_s(digest: Digest, zone_name: str, now: datetime) -> None:
    """So one schedule serves all zones."""
    assert coming(digest, zone_name, now).timestamp() % (15 * 60) == 0


@pytest.mark.parametrize(
    ("at", "evening", "moment"),
    [
        # Clocks in Berlin jump from 02:00 to 03:00 on 28 March 2027, and back from 03:00 to 02:00 on 25 October 2026.
        ("02:30", "2027-03-27T20:00+00:00", "2027-03-28T01:30+00:00"),
        ("08:00", "2027-03-27T20:00+00:00", "2027-03-28T06:00+00:00"),
        ("02:30", "2026-10-24T20:00+00:00", "2026-10-25T00:30+00:00"),
        ("08:00", "2026-10-24T20:00+00:00", "2026-10-25T07:00+00:00"),
    ],
)
def test_at_both_edges_of_daylight_saving_time(at: str, evening: str, moment: str) -> None:
    """What is skipped comes an hour later by the wall, and what is repeated comes once, the first time."""
    digest, now = Digest(frequency="daily", at=at), datetime.fromisoformat(evening)
    found = coming(digest, "Europe/Berlin", now)
    assert found == datetime.fromisoformat(moment)
    assert coming(digest, "Europe/Berlin", found) - found > timedelta(hours=22)


def test_who_wants_none_gets_none() -> None:
    """Neither the last nor the next."""
    assert next_digest(Digest(), "UTC", datetime(2026, 11, 20, tzinfo=UTC)) is None
    assert last_digest(Digest(), "UTC", datetime(2026, 11, 20, tzinfo=UTC)) is None


@pytest.mark.parametrize("at", ["08:01", "08:50", "24:00", "8:00", ""])
def test_only_quarter_hours_can_be_chosen(at: str) -> None:
    """Anything else is refused."""
    with pytest.raises(ValidationError):
        Digest(frequency="daily", at=at)
