"""When to remind, when something is overdue, and who hears of it then: the contract's section 10, to the letter.

Durations keep the text they were given in (ISO 8601), so a policy reads back as it was written.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, ValidationError, model_validator

from punctual.errors import InvalidPolicy
from punctual.wire import Duration, LocalTime, PositiveDuration, Strict, ZoneName, field_problems

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_ISO_DAY = r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"


def _in_order(intervals: list[tuple[str, str]]) -> list[tuple[str, str]]:
    before = ""
    for start, end in intervals:
        if start < before or end <= start:
            raise ValueError("must be intervals in order that end after they start and do not overlap")
        before = end
    return intervals


Until = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]
Intervals = Annotated[list[tuple[LocalTime, Until]], AfterValidator(_in_order)]


class Reminder(Strict):
    """Either a time `before` what is announced, or the local time `day_before_at` on the day before."""

    before: PositiveDuration | None = None
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
    repeat: Annotated[int, Field(ge=0, le=100)] = 0
    acknowledgement_expires: PositiveDuration | None = None


class WorkingHours(Strict):
    """Working time: half-open local intervals by weekday, holidays by country and by list."""

    timezone: ZoneName | None = None
    hours: dict[Day, Intervals] = {}
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    holidays: list[Annotated[str, StringConstraints(pattern=_ISO_DAY)]] = []


class Policy(Strict):
    """All that decides an entity's timeline besides the entity itself."""

    reminders: Annotated[list[Reminder], Field(max_length=50)] = []
    overdue_after: Duration | None = None
    escalation: Escalation = Escalation()
    copy_managers_on: list[Literal["overdue", "reminder"]] = []
    calendar: WorkingHours | None = None
    late_cutoff: Duration = "PT2H"


OFFICE_HOURS = WorkingHours(hours={day: [("09:00", "18:00")] for day in ("mon", "tue", "wed", "thu", "fri")})


def parse(body: Any) -> Policy:
    """`body` as a policy; raises InvalidPolicy naming each field."""
    try:
        return Policy.model_validate(body)
    except ValidationError as error:
        raise InvalidPolicy(field_problems(error)) from None
