"""From wall-clock time to instants, with the rule for the two edges of daylight saving time.

The rule: a wall time that a spring change skips is moved forward by the length of the gap (02:30 becomes 03:30
where 02:00 jumps to 03:00); a wall time that an autumn change repeats is its first occurrence.
"""

from datetime import UTC, datetime, time, timedelta, tzinfo

from punctual.wire import zone


def resolve(wall: datetime, where: tzinfo) -> datetime:
    """The instant (UTC) at which clocks in `where` show the naive time `wall`."""
    # With fold=0 Python reads a skipped time by the offset before the change, which is "forward by the gap",
    # and a repeated one as its first occurrence: exactly the rule above.
    return wall.replace(tzinfo=where, fold=0).astimezone(UTC)


def day_before_at(moment: datetime, at: str, where: tzinfo) -> datetime:
    """The instant of the local time `at` ("HH:MM") on the calendar day before `moment`'s in `where`."""
    day = moment.astimezone(where).date() - timedelta(days=1)
    return resolve(datetime.combine(day, time.fromisoformat(at)), where)


def local_text(moment: datetime, zone_name: str) -> str:
    """`moment` for operators, as `2026-11-20 10:00:00 Europe/Berlin`."""
    return f"{moment.astimezone(zone(zone_name)):%Y-%m-%d %H:%M:%S} {zone_name}"
