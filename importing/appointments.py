"""VEVENTs as appointments."""

from datetime import datetime, timedelta
from typing import Any

from importing import Refused
from importing.components import Source, duration, elapsed, moment
from importing.texts import text
from importing.wanted import Form, Setting, Status, Wanted
from importing.zones import Moment


class AppointmentForm(Form):
    """A VEVENT is as long as the clock says (DTEND), as its days and hours (DURATION), a whole day, or open."""

    kind = "appointment"
    untitled = "Appointment"

    def __init__(self, item: Source, setting: Setting) -> None:
        super().__init__(item, setting)
        self._days, self._exact, self._open = timedelta(), timedelta(), False
        start = item.start
        end = moment(item.component, "DTEND", setting.zones, start.zone)
        if end is not None:
            if start.all_day and end.all_day:
                self._days = end.wall - start.wall
            else:
                self._exact = elapsed(start, end)
            if self._days < timedelta() or self._exact < timedelta():
                raise Refused("has a DTEND before its DTSTART")
        elif "DURATION" in item.component:
            self._days, self._exact = duration(item.component)
        elif start.all_day:
            self._days = timedelta(days=1)
        else:
            self._open = True

    def write(self, at: Moment, original: datetime | None = None, length: timedelta | None = None) -> Wanted:
        starts = self._shifted(at.instant, at.zone)
        end = self._end(at) if length is None else at.instant + length
        ends: datetime | None = None
        if end is not None:
            moved = self._shifted(end, at.zone)
            ends = moved if moved >= starts else starts + (end - at.instant)
        metadata: dict[str, Any] = {"all_day": True} if at.all_day else {}
        status: Status = "cancelled" if self._item.status == "CANCELLED" else "open"
        return self._wanted(
            at.zone, original, metadata, status,
            starts_at=starts.isoformat(),
            ends_at=ends.isoformat() if ends else None,
            location=text(self._item.component.get("LOCATION"), 500) or None,
        )  # fmt: skip

    def _end(self, start: Moment) -> datetime | None:
        if self._open:
            return None
        return max(start.zone.instant(start.wall + self._days), start.instant) + self._exact
