"""Tasks: something to be done, perhaps by a time."""

from punctual.kind import Kind, Scene
from punctual.policy import OFFICE_HOURS, Escalation, Level, Policy, Reminder
from punctual.snapshot import LocalInstant, People, Snapshot
from punctual.timeline import Step, in_order, overdue, reminders
from punctual.wire import Id, Line, Title, delta


class Task(Snapshot):
    """A whole task."""

    title: Title
    customer_name: Line | None = None
    due_at: LocalInstant | None = None
    previous_assignee_ids: People | None = None
    creator_id: Id | None = None


DEFAULT = Policy(
    reminders=[Reminder(before="PT24H"), Reminder(before="PT1H")],
    overdue_after="PT15M",
    escalation=Escalation(
        levels=[
            Level(to="assignees", after="PT0S"),
            Level(to="managers", after="PT4H"),
            Level(to="managers_of_managers", after="P1D"),
        ]
    ),
    calendar=OFFICE_HOURS,
)


def timeline(task: Task, scene: Scene) -> list[Step]:
    """Reminders and overdue around its due time, if it has one; overdue in working time."""
    policy, due = scene.policy, task.due_at
    if due is None:
        return []
    steps = reminders(policy.reminders, due, KIND.reminder, scene.zone, scene.working)
    if policy.overdue_after is not None:
        steps.append(overdue("task.overdue", due, scene.working.add(due, delta(policy.overdue_after))))
    return in_order(steps)


KIND = Kind(
    name="task",
    workflow="Task",
    snapshot=Task,
    events={
        "task.created": "opens",
        "task.assigned": "changes",
        "task.updated": "changes",
        "task.completed": "closes",
        "task.cancelled": "closes",
    },
    default_policy=DEFAULT,
    due=lambda task: task.due_at,
    over=lambda task: task.due_at,
    timeline=timeline,
    reminder="task.reminder",
    told_as={"task.created": "task.assigned"},
    aliases={"task.done": "task.completed", "task.closed": "task.completed"},
)
