"""The times of a scenario: absolute, local to its zone, or relative to its start."""

import re
from datetime import UTC, datetime, time, timedelta, tzinfo

from punctual.calendar import resolve
from punctual.wire import iso_time

FORMS = "2026-11-20T17:50:00+05:30, the same without an offset (local to `zone`), +2h30m, or next friday 17:50"

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_AHEAD = re.compile(r"\+\s*(?=\d)(?:(\d{1,4})w)?(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?")
_NEXT = re.compile(rf"next ({'|'.join(_DAYS)}) ([01]\d|2[0-3]):([0-5]\d)")


def relative(text: str, start: datetime, where: tzinfo) -> datetime | None:
    """`+2h30m` after the start, or the first `next friday 17:50` that comes after it; None for any other text."""
    text = " ".join(text.lower().split())
    if found := _AHEAD.fullmatch(text):
        weeks, days, hours, minutes = (int(part or 0) for part in found.groups())
        return start + timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)
    if found := _NEXT.fullmatch(text):
        return _next(_DAYS.index(found[1]), time(int(found[2]), int(found[3])), start, where)
    return None


def instant(value: object, start: datetime | None, where: tzinfo) -> datetime:
    """A time in any of the forms, in UTC; raises ValueError. Without a `start` it must be absolute or local."""
    if isinstance(value, str) and start is not None:
        moment = relative(value, start, where)
        if moment is not None:
            return moment
    try:
        given = iso_time(value)
    except ValueError as error:
        if "between" in str(error):
            raise
        raise ValueError(f"must be a time such as {FORMS}") from None
    return given.astimezone(UTC) if given.tzinfo else resolve(given, where)


def next_monday(now: datetime, where: tzinfo) -> datetime:
    """When a scenario begins that does not say so."""
    return _next(0, time(9), now, where)


def _next(weekday: int, at: time, after: datetime, where: tzinfo) -> datetime:
    day = after.astimezone(where).date()
    day += timedelta(days=(weekday - day.weekday()) % 7)
    moment = resolve(datetime.combine(day, at), where)
    return moment if moment > after else resolve(datetime.combine(day + timedelta(days=7), at), where)
