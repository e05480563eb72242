"""Digests: at which instants somebody gets a summary of what is unread and due, on their own clock."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Annotated, Literal

from pydantic import AfterValidator

from punctual.calendar import resolve
from punctual.quiet_hours import DAYS, Day
from punctual.wire import LocalTime, Strict, zone

QUARTER = 15


def _quarter_hour(text: str) -> str:
    if int(text[3:]) % QUARTER:
        raise ValueError("must be a quarter hour such as 08:00, 08:15, 08:30 or 08:45")
    return text


class Digest(Strict):
    """How often, and when on the user's clock; `weekday` counts for weekly ones."""

    frequency: Literal["off", "daily", "weekly"] = "off"
    at: Annotated[LocalTime, AfterValidator(_quarter_hour)] = "08:00"
    weekday: Day = "mon"


def next_digest(digest: Digest, zone_name: str, after: datetime) -> datetime | None:
    """The first instant (UTC) later than `after`; None when it is off."""
    return next((moment for _, moment in _moments(digest, zone_name, after, range(-1, 10)) if moment > after), None)


def last_digest(digest: Digest, zone_name: str, now: datetime) -> tuple[date, datetime] | None:
    """The local day and the instant (UTC) of the last one that is due at `now`; None when it is off."""
    days = range(1, -10, -1)
    return next(((day, moment) for day, moment in _moments(digest, zone_name, now, days) if moment <= now), None)


def _moments(digest: Digest, zone_name: str, around: datetime, days: range) -> Iterator[tuple[date, datetime]]:
    if digest.frequency == "off":
        return
    where: tzinfo = zone(zone_name)
    today, at = around.astimezone(where).date(), time.fromisoformat(digest.at)
    for day in (today + timedelta(days=offset) for offset in days):
        if digest.frequency == "daily" or DAYS[day.weekday()] == digest.weekday:
            yield day, resolve(datetime.combine(day, at), where)
