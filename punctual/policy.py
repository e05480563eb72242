"""When to remind, when something is overdue, and who hears of it then: the contract's section 10, to the letter.

Durations keep the text they were given in (ISO 8601), so a policy reads back as it was written.
"""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StrictInt, StringConstraints, ValidationError, model_validator

from punctual.errors import FieldProblem, InvalidPolicy
from punctual.wire import Duration, LocalTime, PositiveDuration, Strict, ZoneName, delta, field_problems

Priority = Literal["low", "normal", "high", "urgent"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_ISO_DAY = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"


def _in_order(intervals: list[tuple[str, str]]) -> list[tuple[str, str]]:
    before = ""
    for start, end in intervals:
        if start < before or end <= start:
            raise ValueError("must be intervals in order that end after they start and do not overlap")
        before = end
    return intervals


Until = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
Intervals = Annotated[list[tuple[LocalTime, Until]], AfterValidator(_in_order)]


MOST_LEVELS = 100
"""How many levels a chain may have, its rounds together."""


class Reminder(Strict):
    """Either a time `before` what is announced, or the local time `day_before_at` on the day before."""

    before: Duration | None = None
    day_before_at: LocalTime | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "Reminder":
        if (self.before is None) == (self.day_before_at is None):
            raise ValueError("must have either before or day_before_at")
        return self


class Level(Strict):
    """One step of an escalation: `after` counts from the level before."""

    to: Annotated[
        str,
        StringConstraints(
            pattern=r"^(assignees|managers|managers_of_managers|(role|team|user):[A-Za-z0-9._~-]{1,128})$"
        ),
    ]
    after: Duration


class Escalation(Strict):
    levels: Annotated[list[Level], Field(max_length=20)] = []
    repeat: Annotated[StrictInt, Field(ge=0, le=100)] = 0
    acknowledgement_expires: PositiveDuration | None = None


class WorkingHours(Strict):
    """Working time: half-open local intervals by weekday, holidays by country and by list."""

    timezone: ZoneName | None = None
    hours: dict[Day, Intervals] = {}
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    holidays: list[Annotated[str, StringConstraints(pattern=_ISO_DAY)]] = []


class Policy(Strict):
    """All that decides an entity's timeline besides the entity itself.

    `first_response` and `resolution` are a ticket's: how long after its opening each is due, by priority.
    """

    reminders: Annotated[list[Reminder], Field(max_length=50)] = []
    overdue_after: Duration | None = None
    escalation: Escalation = Escalation()
    copy_managers_on: list[Literal["overdue", "reminder"]] = []
    calendar: WorkingHours | None = None
    late_cutoff: Duration = "PT2H"
    first_response: dict[Priority, PositiveDuration] | None = None
    resolution: dict[Priority, PositiveDuration] | None = None


UP_THE_LINE = Escalation(
    levels=[
        Level(to="assignees", after="PT0S"),
        Level(to="managers", after="PT30M"),
        Level(to="managers_of_managers", after="PT4H"),
        Level(to="role:admin", after="P1D"),
    ]
)
OFFICE_HOURS = WorkingHours(hours={day: [("09:00", "18:00")] for day in ("mon", "tue", "wed", "thu", "fri")})


def parse(body: Any) -> Policy:
    """`body` as a policy; raises InvalidPolicy naming each field."""
    try:
        return Policy.model_validate(body)
    except ValidationError as error:
        raise InvalidPolicy(field_problems(error)) from None


def check(policy: Policy, *, kind: str) -> list[FieldProblem]:
    """What cannot work although each field is well-formed; a stored policy loads and is followed all the same."""
    return [
        *_in_reminders(policy),
        *(_at_the_instant(policy) if kind == "appointment" else ()),
        *_in_escalation(policy),
        *(_in_calendar(policy.calendar) if policy.calendar else ()),
        *(_in_targets(policy) if kind == "ticket" else _no_targets(policy)),
    ]


def _in_reminders(policy: Policy) -> Iterator[FieldProblem]:
    seen = set()
    for number, reminder in enumerate(policy.reminders):
        when = delta(reminder.before) if reminder.before else reminder.day_before_at
        if when in seen:
            yield FieldProblem(("reminders", number), "must not be the same as an earlier one")
        seen.add(when)


def _at_the_instant(policy: Policy) -> Iterator[FieldProblem]:
    """An appointment's reminders announce its start; one at the start itself is never sent."""
    for number, reminder in enumerate(policy.reminders):
        if reminder.before is not None and not delta(reminder.before):
            where = ("reminders", number, "before")
            yield FieldProblem(where, "must be longer than zero: nothing is sent at the instant that it announces")


def _in_escalation(policy: Policy) -> Iterator[FieldProblem]:
    escalation = policy.escalation
    levels = escalation.levels
    if levels and policy.overdue_after is None:
        yield FieldProblem(("escalation", "levels"), "would never be reached without overdue_after")
    if not levels and escalation.repeat:
        yield FieldProblem(("escalation", "repeat"), "must be 0 where there are no levels to repeat")
    if not levels and escalation.acknowledgement_expires is not None:
        yield FieldProblem(("escalation", "acknowledgement_expires"), "must be null where there are no levels")
    if len(levels) * (escalation.repeat + 1) > MOST_LEVELS:
        yield FieldProblem(
            ("escalation", "repeat"), f"must not make more than {MOST_LEVELS} levels of all rounds together"
        )
    if levels and escalation.repeat and not any(delta(level.after) for level in levels):
        yield FieldProblem(("escalation", "repeat"), "must be 0 where no level waits, or all would be told at once")
    for number, (before, level) in enumerate(pairwise(levels), start=1):
        if level.to == before.to and not delta(level.after):
            where = ("escalation", "levels", number, "after")
            yield FieldProblem(where, "must be longer than zero after a level that tells the same people")


def _in_calendar(calendar: WorkingHours) -> Iterator[FieldProblem]:
    if not any(calendar.hours.values()):
        yield FieldProblem(("calendar", "hours"), "must have working time on some day")
    if calendar.country is not None and not _is_known(calendar.country):
        yield FieldProblem(("calendar", "country"), "must be a country whose public holidays are known, such as DE")
    for number, day in enumerate(calendar.holidays):
        try:
            date.fromisoformat(day)
        except ValueError:
            yield FieldProblem(("calendar", "holidays", number), "must be a day that exists")


def _is_known(country: str) -> bool:
    from holidays import country_holidays  # noqa: PLC0415 — it would weigh on every import of the core

    try:
        country_holidays(country)
    except NotImplementedError:
        return False
    return True


def _in_targets(policy: Policy) -> Iterator[FieldProblem]:
    for priority, first in (policy.first_response or {}).items():
        last = (policy.resolution or {}).get(priority)
        if last is not None and delta(first) > delta(last):
            yield FieldProblem(("first_response", priority), "must not be longer than the resolution")


def _no_targets(policy: Policy) -> Iterator[FieldProblem]:
    for field in ("first_response", "resolution"):
        if getattr(policy, field) is not None:
            yield FieldProblem((field,), "is for tickets only")
