"""Appointments: what the CRM says of one, which events there are, and what follows from it."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator, model_validator

from punctual.calendar import resolve
from punctual.kind import Kind
from punctual.policy import OFFICE_HOURS, Escalation, Level, Policy, Reminder
from punctual.timeline import Step, in_order, reminders
from punctual.urls import ActionUrl
from punctual.wire import Id, Instant, Line, Strict, Title, ZoneName, delta, iso_time, stamp, zone


class Appointment(Strict):
    """A whole appointment. A time without an offset is local to `timezone`, which must be given then."""

    id: Id
    title: Title
    customer_name: Line
    timezone: ZoneName | None = None
    starts_at: Instant
    ends_at: Instant | None = None
    assignee_ids: Annotated[list[Id], Field(max_length=100)]
    creator_id: Id | None = None
    location: Line | None = None
    action_url: ActionUrl | None = None
    metadata: dict[str, Any] = {}

    @field_validator("starts_at", "ends_at", mode="before")
    @classmethod
    def _local_times(cls, value: Any, info: ValidationInfo) -> Any:
        if value is None:
            return value
        moment = iso_time(value)
        if moment.tzinfo is not None:
            return moment
        where = info.data.get("timezone")
        if where is None:
            raise ValueError("must have an offset or Z, or come with a timezone")
        return resolve(moment, zone(where))

    @field_validator("assignee_ids")
    @classmethod
    def _each_once(cls, ids: list[str]) -> list[str]:
        return list(dict.fromkeys(ids))

    @model_validator(mode="after")
    def _ends_after_start(self) -> "Appointment":
        if self.ends_at is not None and self.ends_at < self.starts_at:
            raise ValueError("ends_at must not be before starts_at")
        return self


DEFAULT = Policy(
    reminders=[Reminder(before="PT24H"), Reminder(before="PT1H")],
    overdue_after="PT15M",
    escalation=Escalation(
        levels=[
            Level(to="assignees", after="PT0S"),
            Level(to="managers", after="PT30M"),
            Level(to="managers_of_managers", after="PT4H"),
            Level(to="role:admin", after="P1D"),
        ]
    ),
    copy_managers_on=["overdue"],
    calendar=OFFICE_HOURS,
)


def over(appointment: Appointment) -> datetime:
    """When it is wholly past."""
    return appointment.ends_at or appointment.starts_at


def timeline(appointment: Appointment, policy: Policy, zone_name: str) -> list[Step]:
    """Reminders before the start; after its end, the question how it went."""
    steps = reminders(policy.reminders, appointment.starts_at, "appointment.reminder", zone_name)
    if policy.overdue_after is not None:
        end = over(appointment)
        due = max(end + delta(policy.overdue_after), appointment.starts_at + timedelta(seconds=1))
        key = f"overdue-{stamp(end)}"
        steps.append(Step(key=key, type="appointment.outcome_missing", stage="overdue", due_at=due))
    return in_order(steps)


KIND = Kind(
    name="appointment",
    workflow="Appointment",
    snapshot=Appointment,
    events={
        "appointment.scheduled": "opens",
        "appointment.rescheduled": "opens",
        "appointment.updated": "changes",
        "appointment.confirmed": "changes",
        "appointment.cancelled": "closes",
        "appointment.completed": "closes",
        "appointment.missed": "closes",
    },
    default_policy=DEFAULT,
    due=lambda appointment: appointment.starts_at,
    over=over,
    timeline=timeline,
)
