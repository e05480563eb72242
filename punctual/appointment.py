"""Appointments: what the CRM says of one, which events there are, and what follows from it."""

from datetime import datetime, timedelta

from pydantic import model_validator

from punctual.kind import Kind, Scene
from punctual.policy import OFFICE_HOURS, UP_THE_LINE, Policy, Reminder
from punctual.snapshot import LocalInstant, Snapshot
from punctual.timeline import Step, in_order, overdue, reminders
from punctual.wire import Id, Line, Title, delta


class Appointment(Snapshot):
    """A whole appointment."""

    title: Title
    customer_name: Line
    starts_at: LocalInstant
    ends_at: LocalInstant | None = None
    creator_id: Id | None = None
    location: Line | None = None

    @model_validator(mode="after")
    def _ends_after_start(self) -> "Appointment":
        if self.ends_at is not None and self.ends_at < self.starts_at:
            raise ValueError("ends_at must not be before starts_at")
        return self


DEFAULT = Policy(
    reminders=[Reminder(before="PT24H"), Reminder(before="PT1H")],
    overdue_after="PT15M",
    escalation=UP_THE_LINE,
    copy_managers_on=["overdue"],
    calendar=OFFICE_HOURS,
)


def over(appointment: Appointment) -> datetime:
    """When it is wholly past."""
    return appointment.ends_at or appointment.starts_at


def timeline(appointment: Appointment, scene: Scene) -> list[Step]:
    """Reminders before the start; after its end, and by the wall clock, the question how it went."""
    policy = scene.policy
    steps = reminders(policy.reminders, appointment.starts_at, KIND.reminder, scene.zone)
    if policy.overdue_after is not None:
        end = over(appointment)
        due = max(end + delta(policy.overdue_after), appointment.starts_at + timedelta(seconds=1))
        steps.append(overdue("appointment.outcome_missing", end, due))
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
    reminder="appointment.reminder",
    aliases={"appointment_created": "appointment.scheduled", "appointment_updated": "appointment.updated"},
)
