"""VTODOs as follow-ups."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any

from importing import Refused
from importing.components import Source, duration, elapsed, moment
from importing.texts import customer
from importing.wanted import Form, Setting, Status, Wanted
from importing.zones import UTC_TIMES, Moment, Zone

END_OF_DAY = time(17)
"""When a VTODO that is due on a day, and at no time of it, is due there."""

_NUMBERS = {"PRIORITY": range(1, 10), "PERCENT-COMPLETE": range(101)}


class FollowUpForm(Form):
    """A VTODO is due by its DUE, else when its DURATION has passed since its DTSTART.

    One that is due on a day is due at 17:00 local time, while people still work, and has `all_day` in its metadata.
    STATUS says whether it is done; without one, a COMPLETED time says that it is.
    """

    kind = "follow_up"
    untitled = "Follow-up"

    def __init__(self, item: Source, setting: Setting) -> None:
        super().__init__(item, setting)
        component, start = item.component, item.start
        floating = item.floating if start.zone == UTC_TIMES else start.zone
        due = moment(component, "DUE", setting.zones, floating)
        self._zone, self._all_day = start.zone, start.all_day
        self._nominal, self._exact = timedelta(), timedelta()
        self._from_midnight = False
        if due is None:
            self._nominal, self._exact = duration(component)
            self._all_day = start.all_day and not self._exact
        elif "DTSTART" in component:
            self._zone, self._all_day = due.zone, due.all_day
            self._from_midnight = start.all_day or due.all_day
            if self._from_midnight:
                self._nominal = due.wall - _midnight(start.wall)
            else:
                self._exact = elapsed(start, due)
            if self._nominal < timedelta() or self._exact < timedelta():
                raise Refused("has a DUE before its DTSTART")

    def write(self, at: Moment, original: datetime | None = None, length: timedelta | None = None) -> Wanted:
        due, zone = self._due(at) if length is None else (at.instant + length, at.zone)
        metadata: dict[str, Any] = {"all_day": True} if self._all_day and length is None else {}
        for key, sensible in _NUMBERS.items():
            number = self._item.component.get(key)
            if isinstance(number, int) and number in sensible:
                metadata[key.lower().replace("-", "_")] = int(number)
        name = customer(self._item.component) or None
        due_at = self._shifted(due, zone).isoformat()
        return self._wanted(zone, original, metadata, self._status, due_at=due_at, customer_name=name)

    def series(self, instances: Sequence[Wanted]) -> Sequence[Wanted]:
        """Of those whose time is past only the latest is still work to do, unless a component of its own says so."""
        return [
            replace(item, status="lapsed") if item.status == "open" and self._is_past(later) else item
            for item, later in pairwise(instances)
        ] + list(instances[-1:])

    def _is_past(self, wanted: Wanted) -> bool:
        return datetime.fromisoformat(wanted.data["due_at"]) <= self._setting.now

    @property
    def _status(self) -> Status:
        match self._item.status:
            case "CANCELLED":
                return "cancelled"
            case "COMPLETED":
                return "completed"
            case "NEEDS-ACTION" | "IN-PROCESS":
                return "open"
        return "completed" if "COMPLETED" in self._item.component else "open"

    def _due(self, start: Moment) -> tuple[datetime, Zone]:
        wall = (_midnight(start.wall) if self._from_midnight else start.wall) + self._nominal
        if self._all_day:
            return self._zone.instant(datetime.combine(wall.date(), END_OF_DAY)), self._zone
        if self._from_midnight:
            return self._zone.instant(wall), self._zone
        return start.zone.instant(wall) + self._exact, self._zone


def _midnight(wall: datetime) -> datetime:
    return datetime.combine(wall.date(), time())
