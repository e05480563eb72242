"""Follow-ups: what somebody promised a customer to do by a time."""

from punctual.kind import Kind, Scene
from punctual.policy import OFFICE_HOURS, UP_THE_LINE, Policy, Reminder
from punctual.snapshot import LocalInstant, People, Snapshot
from punctual.timeline import Step, in_order, overdue, reminders
from punctual.wire import Id, Line, Title, delta


class FollowUp(Snapshot):
    """A whole follow-up."""

    title: Title
    customer_name: Line | None = None
    due_at: LocalInstant
    previous_assignee_ids: People | None = None
    creator_id: Id | None = None


DEFAULT = Policy(
    reminders=[Reminder(day_before_at="09:00"), Reminder(before="PT0S")],
    overdue_after="PT15M",
    escalation=UP_THE_LINE,
    copy_managers_on=["overdue"],
    calendar=OFFICE_HOURS,
)


def timeline(follow_up: FollowUp, scene: Scene) -> list[Step]:
    """Reminders before and at the due time; overdue after it, in working time, so that nobody is woken for it."""
    policy, due = scene.policy, follow_up.due_at
    steps = reminders(policy.reminders, due, KIND.reminder, scene.zone, scene.working)
    if policy.overdue_after is not None:
        steps.append(overdue("follow_up.overdue", due, scene.working.add(due, delta(policy.overdue_after))))
    return in_order(steps)


KIND = Kind(
    name="follow_up",
    workflow="FollowUp",
    snapshot=FollowUp,
    events={
        "follow_up.created": "opens",
        "follow_up.updated": "changes",
        "follow_up.rescheduled": "changes",
        "follow_up.reassigned": "changes",
        "follow_up.completed": "closes",
        "follow_up.cancelled": "closes",
    },
    default_policy=DEFAULT,
    due=lambda follow_up: follow_up.due_at,
    over=lambda follow_up: follow_up.due_at,
    timeline=timeline,
    reminder="follow_up.reminder",
)
