"""Wall-clock times become instants by one rule, on both edges of daylight saving time."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.calendar import day_before_at, resolve
from punctual.wire import zone
from tests.core.strategies import instants, zones

BERLIN = zone("Europe/Berlin")


@pytest.mark.parametrize(
    ("wall", "instant"),
    [
        (datetime(2026, 3, 29, 1, 59), datetime(2026, 3, 29, 0, 59)),
        (datetime(2026, 3, 29, 2, 0), datetime(2026, 3, 29, 1, 0)),
        (datetime(2026, 3, 29, 2, 30), datetime(2026, 3, 29, 1, 30)),
        (datetime(2026, 3, 29, 3, 0), datetime(2026, 3, 29, 1, 0)),
        (datetime(2026, 10, 25, 2, 30), datetime(2026, 10, 25, 0, 30)),
        (datetime(2026, 10, 25, 3, 0), datetime(2026, 10, 25, 2, 0)),
    ],
)
def test_a_skipped_time_moves_forward_and_a_repeated_one_is_its_first(wall: datetime, instant: datetime) -> None:
    """02:30 on the spring day is 03:30 summer time; 02:30 on the autumn day is the one before the change."""
    assert instant.replace(tzinfo=UTC) == resolve(wall, BERLIN)


@given(moment=instants, name=zones)
def test_every_instant_resolves_back_to_itself_or_to_its_earlier_twin(moment: datetime, name: str) -> None:
    """Reading the clock at an instant and resolving it gives that instant, or the first of two that look alike."""
    where = zone(name)
    wall = moment.astimezone(where).replace(tzinfo=None, fold=0)
    back = resolve(wall, where)
    assert back <= moment
    assert back.astimezone(where).replace(tzinfo=None, fold=0) == wall


@given(moment=instants, name=zones, hour=st.integers(0, 23))
def test_the_day_before_is_a_calendar_day_and_not_24_hours(moment: datetime, name: str, hour: int) -> None:
    """It falls on the local date before, at the asked hour, or later by no more than a gap."""
    where = zone(name)
    due = day_before_at(moment, f"{hour:02}:00", where)
    local = due.astimezone(where)
    asked = datetime.combine(moment.astimezone(where).date() - timedelta(days=1), time(hour))
    assert due < moment
    # Samoa once skipped a whole day; nothing of that kind lies in these years.
    assert timedelta(0) <= local.replace(tzinfo=None) - asked <= timedelta(hours=1)


@given(days=st.integers(0, 700))
def test_nine_in_the_morning_stays_nine_over_every_change(days: int) -> None:
    """A local time that no change touches is shown by the clock as it was asked for."""
    day = date(2026, 1, 1) + timedelta(days=days)
    moment = resolve(datetime.combine(day, time(9)), BERLIN)
    assert moment.astimezone(BERLIN).time() == time(9)
