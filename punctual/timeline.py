"""An entity's future as a list of steps: each with a key, an instant, and the reason it is there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from punctual.calendar import day_before_at
from punctual.policy import Reminder
from punctual.wire import Moment, delta, stamp, zone
from punctual.working_time import WorkingTime

StepStage = Literal["notice", "reminder", "overdue", "escalation", "exhausted"]


class Step(BaseModel):
    """One thing to tell at one instant.

    `key` names it for ever: the same reminder of the same start has the same key however often it is planned.
    At or after `announces` telling it is pointless. `deadline` is the instant that its words are about.
    `to` is the audience of an escalation's level.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    type: str
    stage: StepStage
    due_at: Moment
    announces: Moment | None = None
    deadline: Moment | None = None
    to: str | None = None

    @property
    def is_alarm(self) -> bool:
        """Whether it says that something is late, which somebody has to acknowledge."""
        return self.stage in ("overdue", "escalation", "exhausted")


PROMPT = timedelta(seconds=10)
"""What is told within this after its instant was told on time: waits count from the instant itself."""


@dataclass(frozen=True)
class Entry:
    """A step and what became of it so far; `at` is when, `data` what its event left behind."""

    step: Step
    outcome: str = "planned"
    reason: str | None = None
    detail: str | None = None
    at: datetime | None = field(default=None, compare=False)
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether it is still to be told."""
        return self.outcome in ("planned", "deferred")

    @property
    def is_fired(self) -> bool:
        """Whether its instant has come and it was acted on, if only to decide against it."""
        return self.outcome in ("sent", "withheld", "failed", "expired", "skipped") and self.reason not in (
            "acknowledged",
            "past",
        )

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it: it has fired, or was past before we heard of it."""
        return self.is_fired or self.reason == "past"

    @property
    def was_passed(self) -> bool:
        """Whether it fired and reached nobody."""
        return self.is_fired and self.outcome == "withheld"

    @property
    def counts_from(self) -> datetime:
        """The instant from which the wait for what follows counts: not before anybody's quiet hours let it pass."""
        heard = self.data.get("heard_at")
        if heard is not None:
            return datetime.fromisoformat(heard)
        due = self.step.due_at
        return due if self.at is None or self.reason == "past" or abs(self.at - due) < PROMPT else self.at


def reminders(
    rules: Iterable[Reminder], deadline: datetime, type_: str, zone_name: str, working: WorkingTime | None = None
) -> list[Step]:
    """A step for each rule that falls before `deadline`; rules that meet in one instant give one step.

    With `working` a rule may fall on the deadline itself, if that is in working time: nobody is woken for it.
    """
    steps: dict[datetime, Step] = {}
    for rule in rules:
        if rule.before is not None:
            due, label = deadline - delta(rule.before), rule.before
        else:
            assert rule.day_before_at is not None
            due = day_before_at(deadline, rule.day_before_at, zone(zone_name))
            label = "day-before-" + rule.day_before_at.replace(":", "")
        key = f"reminder-{label}-{stamp(deadline)}"
        step = Step(key=key, type=type_, stage="reminder", due_at=due, announces=deadline, deadline=deadline)
        if due < deadline:
            steps.setdefault(due, step)
        elif due == deadline and working is not None and working.opening(due) == due:
            steps.setdefault(due, step.model_copy(update={"announces": None}))
    return in_order(steps.values())


def overdue(type_: str, deadline: datetime, due: datetime, name: str = "overdue") -> Step:
    """The step that says at `due` that `deadline` has passed."""
    return Step(key=f"{name}-{stamp(deadline)}", type=type_, stage="overdue", due_at=due, deadline=deadline)


def in_order(steps: Iterable[Step]) -> list[Step]:
    """Steps by instant; of one instant the shorter key first, so that an overdue step comes before its levels."""
    return sorted(steps, key=lambda step: (step.due_at, len(step.key), step.key))
