"""An entity's future as a list of steps: each with a key, an instant, and the reason it is there."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from punctual.calendar import day_before_at
from punctual.policy import Reminder
from punctual.wire import Instant, delta, stamp, zone

StepStage = Literal["notice", "reminder", "overdue"]


class Step(BaseModel):
    """One thing to tell at one instant.

    `key` names it for ever: the same reminder of the same start has the same key however often it is planned.
    `announces` is the instant that a reminder speaks of; at or after it the reminder is pointless.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    type: str
    stage: StepStage
    due_at: Instant
    announces: Instant | None = None


def reminders(rules: Iterable[Reminder], announces: datetime, type_: str, zone_name: str) -> list[Step]:
    """A step for each rule that falls before `announces`; rules that meet in one instant give one step."""
    steps: dict[datetime, Step] = {}
    for rule in rules:
        if rule.before is not None:
            due, label = announces - delta(rule.before), rule.before
        else:
            assert rule.day_before_at is not None
            due = day_before_at(announces, rule.day_before_at, zone(zone_name))
            label = "day-before-" + rule.day_before_at.replace(":", "")
        if due < announces:
            key = f"reminder-{label}-{stamp(announces)}"
            steps.setdefault(due, Step(key=key, type=type_, stage="reminder", due_at=due, announces=announces))
    return in_order(steps.values())


def in_order(steps: Iterable[Step]) -> list[Step]:
    """Steps by instant, then by key."""
    return sorted(steps, key=lambda step: (step.due_at, step.key))
