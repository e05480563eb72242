"""Visits: a demo kind, written as a user of the source tree would write one."""

from punctual.kind import Kind, Scene
from punctual.policy import Escalation, Level, Policy, Reminder
from punctual.snapshot import LocalInstant, Snapshot
from punctual.timeline import Step, in_order, overdue, reminders
from punctual.wire import Title, delta


class Visit(Snapshot):
    title: Title
    arrives_at: LocalInstant


def timeline(visit: Visit, scene: Scene) -> list[Step]:
    steps = reminders(scene.policy.reminders, visit.arrives_at, KIND.reminder, scene.zone)
    if scene.policy.overdue_after is not None:
        due = visit.arrives_at + delta(scene.policy.overdue_after)
        steps.append(overdue("visit.overdue", visit.arrives_at, due))
    return in_order(steps)


KIND = Kind(
    name="visit",
    workflow="Visit",
    snapshot=Visit,
    events={"visit.announced": "opens", "visit.moved": "changes", "visit.done": "closes"},
    default_policy=Policy(
        reminders=[Reminder(before="PT1H")],
        overdue_after="PT5M",
        escalation=Escalation(levels=[Level(to="assignees", after="PT0S"), Level(to="managers", after="PT10M")]),
    ),
    due=lambda visit: visit.arrives_at,
    over=lambda visit: visit.arrives_at,
    timeline=timeline,
    reminder="visit.reminder",
)
