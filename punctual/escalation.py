"""Who hears next of what is overdue, level by level, until somebody acknowledges: a pure function of what was told.

A chain belongs to one overdue step and goes on from what has become of its levels so far. An acknowledgement stops
the chains that had begun by then; when it expires, its chains begin anew. A level nobody of which could be reached is
passed: the next one is due at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from punctual.lifecycle import Stage
from punctual.policy import Level, Policy
from punctual.timeline import Entry, Step
from punctual.wire import Instant, Moment, delta
from punctual.working_time import WorkingTime


class Acknowledgement(BaseModel):
    """Somebody took it; until `expires_at`, if that is set."""

    model_config = ConfigDict(frozen=True)

    id: str
    by: str
    at: Instant
    expires_at: Moment | None = None


class Care(BaseModel):
    """What people did about an entity, besides what its CRM said."""

    model_config = ConfigDict(frozen=True)

    acknowledgements: list[Acknowledgement] = []
    snoozed_until: Moment | None = None
    restarted_at: Instant | None = None
    """When the wait for the next level last began anew: it was reassigned, reopened, or its clock went on."""


def chain(
    anchor: Entry, entries: Mapping[str, Entry], policy: Policy, working: WorkingTime, care: Care, now: datetime
) -> list[Step]:
    """The levels that follow the overdue step `anchor`, told or not, and the last word when nobody acknowledges."""
    if not policy.escalation.levels or anchor.outcome == "superseded" or anchor.reason == "past":
        return []
    had = taken(anchor, care)
    if had and had[-1].expires_at is None:
        return []
    begins_at = had[-1].expires_at if had else None
    if begins_at is None:
        begins_at = anchor.counts_from if anchor.is_fired else max(anchor.step.due_at, now)
    return list(_levels(anchor, entries, policy, working, care, len(had), begins_at))


def _levels(
    anchor: Entry,
    entries: Mapping[str, Entry],
    policy: Policy,
    working: WorkingTime,
    care: Care,
    cycle: int,
    begins_at: datetime,
) -> Iterator[Step]:
    base, passed = begins_at, cycle == 0 and anchor.was_passed
    in_vain = int(passed and is_told_at_once(policy))

    def after(wait: timedelta) -> datetime:
        due = base if passed else working.add(max(base, care.restarted_at or base), wait)
        return max(due, care.snoozed_until or due)

    for key, level in _positions(anchor.step.key, policy, cycle):
        told = entries.get(key)
        if told is not None and told.is_fired:
            yield told.step
            base, passed = told.counts_from, told.was_passed
            in_vain = in_vain + 1 if passed else 0
        elif in_vain >= len(policy.escalation.levels):
            break  # a whole round reached nobody, and nor would the next
        else:
            base, passed = after(delta(level.after)), False
            yield _step(key, anchor.step, "escalation", anchor.step.type, base, level.to)
    last = _last_wait(policy)
    if last:
        key = _key(anchor.step.key, "exhausted", cycle)
        told = entries.get(key)
        due = told.step.due_at if told is not None and told.is_fired else after(last)
        yield _step(key, anchor.step, "exhausted", "escalation.exhausted", due, "role:admin")


def _positions(anchor: str, policy: Policy, cycle: int) -> Iterator[tuple[str, Level]]:
    """Every level of every round with its key; the overdue step itself is the first, where that is for its people."""
    levels = policy.escalation.levels
    for number, level in enumerate(levels * (policy.escalation.repeat + 1), 1):
        if not (number == 1 and cycle == 0 and is_told_at_once(policy)):
            yield _key(anchor, f"level-{number}", cycle), level


def is_told_at_once(policy: Policy) -> bool:
    """Whether the first level is what the overdue step does anyway: telling those responsible, without a wait."""
    levels = policy.escalation.levels
    return bool(levels) and levels[0].to == "assignees" and not delta(levels[0].after)


def _key(anchor: str, what: str, cycle: int) -> str:
    return f"{anchor}-{what}" + (f"-again-{cycle}" if cycle else "")


def _step(
    key: str, anchor: Step, stage: Literal["escalation", "exhausted"], type_: str, due: datetime, to: str
) -> Step:
    return Step(key=key, type=type_, stage=stage, due_at=due, deadline=anchor.deadline, to=to)


def _last_wait(policy: Policy) -> timedelta:
    """How long the last level has to answer: its own wait, or the longest of the chain where it had none."""
    waits = [delta(level.after) for level in policy.escalation.levels]
    return waits[-1] or max(waits)


def taken(anchor: Entry, care: Care) -> list[Acknowledgement]:
    """The acknowledgements that this chain has had."""
    if not anchor.is_fired:
        return []
    begun = anchor.at or anchor.step.due_at
    return [item for item in care.acknowledgements if item.at >= begun]


def stage(anchors: Sequence[Entry], entries: Mapping[str, Entry], care: Care) -> tuple[Stage, Acknowledgement | None]:
    """How far the worst of the chains has gone, and the acknowledgement in force."""
    ranks: list[Stage] = ["open", "acknowledged", "overdue", "escalated"]
    worst: Stage = "open"
    in_force: Acknowledgement | None = None
    for anchor in anchors:
        if not anchor.is_fired:
            continue
        had = taken(anchor, care)
        told = _told_in(anchor.step.key, entries, len(had))
        reached: Stage = "overdue"
        if had and not told:
            reached, in_force = "acknowledged", had[-1]
        elif any(is_above(entry.step) and entry.outcome == "sent" for entry in told):
            reached = "escalated"
        worst = max(worst, reached, key=ranks.index)
    return worst, in_force if worst == "acknowledged" else None


def _told_in(anchor: str, entries: Mapping[str, Entry], cycle: int) -> list[Entry]:
    """What has fired of a chain since its last acknowledgement."""
    suffix = f"-again-{cycle}" if cycle else ""
    return [
        entry
        for key, entry in entries.items()
        if entry.step.stage == "escalation"
        and entry.is_fired
        and key.startswith(f"{anchor}-level-")
        and (key.endswith(suffix) if suffix else "-again-" not in key)
    ]


def stage_of(state: str) -> Stage:
    """A stage as the store keeps it."""
    return state  # type: ignore[return-value]


def after_telling(before: Stage, step: Step, outcome: str) -> Stage:
    """The stage after a step has fired; whoever had acknowledged has not done enough."""
    if step.stage == "overdue":
        return "overdue" if before in ("open", "acknowledged") else before
    if step.stage == "escalation":
        if is_above(step) and outcome == "sent":
            return "escalated"
        return "overdue" if before == "acknowledged" else before
    return before


def is_above(step: Step) -> bool:
    """Whether a level's people are others than those responsible."""
    return step.stage == "escalation" and step.to != "assignees"


def held(steps: Sequence[Step], until: datetime | None) -> list[Step]:
    """What falls into a snooze is told at its end, if it has a point then; of several reminders the last."""
    if until is None:
        return list(steps)
    moved = {step.key: step if step.due_at >= until else step.model_copy(update={"due_at": until}) for step in steps}
    waiting = [step for step in steps if step.stage == "reminder" and step.due_at < until]
    for step in waiting[:-1]:
        del moved[step.key]
    return [step for step in moved.values() if step.announces is None or step.due_at < step.announces]
