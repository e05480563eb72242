"""One entity's life without Temporal and without a database: the core's decisions, fired on a clock of its own."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from punctual import acts, hearing, planning
from punctual.delivery import REASONS
from punctual.escalation import Care, after_telling
from punctual.events import Event
from punctual.kind import Kind, Scene
from punctual.lifecycle import Record, Stage
from punctual.policy import Policy
from punctual.protocol import Act, Answer, Heard
from punctual.scene import scene_of
from punctual.timeline import PROMPT, Entry, Step, in_order
from punctual.wire import delta

ZONE = "Europe/Berlin"


@dataclass
class Life:
    """What `plan` and `compose` keep of an entity. `unreachable` are the audiences that nobody can be told of."""

    kind: Kind[Any]
    policy: Policy
    now: datetime
    unreachable: frozenset[str] = frozenset()
    record: Record = field(default_factory=Record)
    care: Care = field(default_factory=Care)
    entries: dict[str, Entry] = field(default_factory=dict)
    stage: Stage = "closed"
    told: list[tuple[datetime, Step]] = field(default_factory=list)
    acts: int = 0

    @property
    def scene(self) -> Scene:
        return scene_of(self.policy, ZONE, self.now)

    @property
    def steps(self) -> list[Step]:
        return in_order(entry.step for entry in self.entries.values() if entry.is_open)

    def hear(self, *events: Event) -> None:
        """Plans with what has arrived."""
        self._plan([Heard(event=event, at=self.now) for event in events])

    def do(self, what: str, who: str, until: Any = None) -> Answer:
        """Acknowledges, snoozes or reminds."""
        self.acts += 1
        act = Act(id=f"act {self.acts}", what=what, user_id=who, until=until)  # type: ignore[arg-type]
        return self._plan([], [act])[0]

    def _plan(self, heard: list[Heard], asked: list[Act] | None = None) -> list[Answer]:
        plan = hearing.fold(self.kind, self.record, self.entries, heard, [], self.now, self.care)
        plan = planning.complete(self.kind, plan, self.scene, self.now)
        answers = []
        for act in asked or []:
            refusal = acts.apply(self.kind, plan, self.scene, act, may=True, now=self.now)
            if refusal is None:
                planning.complete(self.kind, plan, self.scene, self.now)
            answers.append(refusal or acts.answer(act, plan))
        decided = [key for key in {*plan.added, *plan.changed} if not plan.entries[key].is_open]
        for key in decided:
            plan.entries[key] = replace(plan.entries[key], at=self.now)
        self.record, self.care, self.entries, self.stage = plan.record, plan.care, plan.entries, plan.stage
        return answers

    def sleep(self, length: timedelta) -> None:
        """Fires what falls due, each at its instant, as the workflow does."""
        until = self.now + length
        while self.steps and self.steps[0].due_at <= until:
            self.now = max(self.now, self.steps[0].due_at)
            self._fire(self.steps[0])
        self.now = until

    def outage(self, length: timedelta) -> None:
        """Time passes, and nobody works."""
        self.now += length

    def _fire(self, step: Step) -> None:
        outcome, reason = self._fate(step)
        self.entries[step.key] = replace(self.entries[step.key], outcome=outcome, reason=reason, at=self.now)
        self.stage = after_telling(self.stage, step, outcome)
        if outcome in ("sent", "withheld"):
            self.told.append((self.now, step))
        if step.stage in ("overdue", "escalation") and (outcome == "withheld" or self.now - step.due_at >= PROMPT):
            self._plan([])

    def _fate(self, step: Step) -> tuple[str, str | None]:
        if step.announces is not None and self.now >= step.announces:
            return "skipped", "late"
        bounded = step.stage not in ("notice", "exhausted")
        if bounded and self.now - step.due_at > delta(self.policy.late_cutoff):
            return "skipped", "late"
        audience = step.to or "assignees"
        alarms = step.stage in ("overdue", "escalation") and bool(self.policy.escalation.levels)
        return ("withheld", "unreachable") if alarms and audience in self.unreachable else ("sent", None)

    def check(self) -> None:
        """What must hold at any time: nothing open that is past, and every outcome with a reason of the contract."""
        for entry in self.entries.values():
            if entry.is_open:
                assert entry.step.due_at >= self.now or entry.step.stage == "notice", entry
            assert entry.reason in REASONS[entry.outcome] or (entry.reason is None and not REASONS[entry.outcome])
        keys = [step.key for _, step in self.told]
        assert len(keys) == len(set(keys)), "told twice"
        for at, step in self.told:
            assert at >= step.due_at, "told early"
