"""Quiet hours: when somebody wants nothing to buzz, on their own clock, and when that ends.

Edges follow `punctual.calendar`; a wall time that an autumn change repeats begins the quiet with its first
occurrence and ends it with its second, so that the whole of what a clock calls quiet is.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictBool, model_validator

from punctual.calendar import resolve
from punctual.wire import LocalTime, Strict, ZoneName, zone

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Windows of nearly a day may touch at the edge of daylight saving time; more than these in a row do not exist.
_MOST_IN_A_ROW = 8


def _in_order(days: list[Day]) -> list[Day]:
    return [day for day in DAYS if day in days]


class QuietHours(Strict):
    """From `start` to `end`, past midnight where `end` is not the later; `days` are those on which it starts.

    Without a `timezone` the user's own counts.
    """

    enabled: StrictBool = False
    start: LocalTime = "22:00"
    end: LocalTime = "07:00"
    timezone: ZoneName | None = None
    days: Annotated[list[Day], Field(max_length=14), AfterValidator(_in_order)] = list(DAYS)
    let_urgent_through: StrictBool = True

    @model_validator(mode="after")
    def _has_a_length(self) -> "QuietHours":
        if self.enabled and self.start == self.end:
            raise ValueError("start and end must differ")
        return self


def quiet_until(hours: QuietHours, zone_name: str, now: datetime) -> datetime | None:
    """When the quiet that holds at `now` ends (UTC), or None. `zone_name` is the user's zone."""
    if not hours.enabled:
        return None
    where = zone(hours.timezone or zone_name)
    moment, until = now, None
    for _ in range(_MOST_IN_A_ROW):
        found = next((end for start, end in _windows(hours, where, moment) if start <= moment < end), None)
        if found is None:
            break
        moment = until = found
    return until


def _windows(hours: QuietHours, where: tzinfo, around: datetime) -> Iterator[tuple[datetime, datetime]]:
    start, end = time.fromisoformat(hours.start), time.fromisoformat(hours.end)
    today = around.astimezone(where).date()
    for day in (today + timedelta(days=offset) for offset in (-1, 0, 1)):
        if DAYS[day.weekday()] in hours.days:
            last_day = day if start < end else day + timedelta(days=1)
            yield resolve(datetime.combine(day, start), where), _last(datetime.combine(last_day, end), where)


def _last(wall: datetime, where: tzinfo) -> datetime:
    """The last instant at which clocks show `wall`."""
    return max(resolve(wall, where), wall.replace(tzinfo=where, fold=1).astimezone(UTC))


def moment_of(text: object) -> datetime | None:
    """The instant (UTC) that a message between our own parts names; None for anything else."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found.astimezone(UTC) if found is not None and found.tzinfo is not None else None
