"""Who hears next of what is overdue, level by level, until somebody acknowledges: a pure function of what was told.

A chain belongs to one overdue step and goes on from what has become of its levels so far. An acknowledgement stops
the chains that had begun by then; when it expires, its chains begin anew. A level nobody of which could be reached is
passed: the next one is due at once.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from punctual.lifecycle import Stage
from punctual.policy import MOST_LEVELS, Level, Policy
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
    snoozed_by: str | None = None
    restarted_at: Instant | None = None
    """When the wait for the next level last began anew: it was reassigned, reopened, or its clock went on."""


def chain(
    anchor: Entry, entries: Mapping[str, Entry], policy: Policy, working: WorkingTime, care: Care, now: datetime
) -> list[Step]:
    """The levels that follow the overdue step `anchor`, told or not, and the last word when nobody acknowledges."""
    if not policy.escalation.levels or anchor.outcome == "superseded" or _is_long_past(anchor, policy):
        return []
    had = taken(anchor, care)
    begins_at: datetime | None = max(anchor.step.due_at, now) if anchor.is_open else anchor.counts_from
    if had:
        begins_at = had[-1].expires_at
    if begins_at is None:
        return []
    return list(_levels(anchor, entries, policy, working, care, had, begins_at, now))


def _levels(
    anchor: Entry,
    entries: Mapping[str, Entry],
    policy: Policy,
    working: WorkingTime,
    care: Care,
    had: Sequence[Acknowledgement],
    begins_at: datetime,
    now: datetime,
) -> Iterator[Step]:
    # Of a deadline that had passed when we first heard of it, what is past already is not told.
    floor = now if anchor.reason != "past" else anchor.step.due_at
    base, passed = begins_at, not had and anchor.was_passed
    in_vain = int(passed and _is_told_at_once(policy))

    def after(wait: timedelta, known: Entry | None) -> datetime:
        due = base if passed else working.add(max(base, care.restarted_at or base), wait)
        due = max(due, care.snoozed_until or due)
        # What only waits for a worker is as late as it is; what a change has made due is due now.
        return due if known is not None and known.is_open and known.step.due_at <= now else max(due, floor)

    for key, level in _positions(anchor.step.key, policy, had):
        known = entries.get(key)
        if known is not None and known.is_over:
            yield known.step
            base, passed = known.counts_from, known.was_passed
            in_vain = in_vain + 1 if passed else 0
        elif in_vain >= len(policy.escalation.levels):
            break  # a whole round reached nobody, and nor would the next
        else:
            due = after(delta(level.after), known)
            # Levels that meet in one instant are told in their order.
            base, passed = (due if due > base else base + timedelta(microseconds=1)), False
            yield _step(key, anchor.step, "escalation", anchor.step.type, base, level.to)
    last = _last_wait(policy)
    if last:
        key = f"{anchor.step.key}-exhausted{_round(had)}"
        known = entries.get(key)
        due = known.step.due_at if known is not None and known.is_over else after(last, known)
        yield _step(key, anchor.step, "exhausted", "escalation.exhausted", due, "role:admin")


def _is_long_past(anchor: Entry, policy: Policy) -> bool:
    """Whether a deadline had passed so long before we heard of it that nobody is to be alarmed any more."""
    if anchor.reason != "past":
        return False
    return anchor.at is None or anchor.at - anchor.step.due_at > delta(policy.late_cutoff)


def _positions(anchor: str, policy: Policy, had: Sequence[Acknowledgement]) -> Iterator[tuple[str, Level]]:
    """Every level of every round with its key; the overdue step itself is the first, where that is for its people.

    A level is known by whom it tells, and for which time: one put in before it makes it no other level.
    """
    levels = policy.escalation.levels
    times: Counter[str] = Counter()
    for place, level in enumerate((levels * (policy.escalation.repeat + 1))[:MOST_LEVELS]):
        times[level.to] += 1
        if place or had or not _is_told_at_once(policy):
            again = f"-{times[level.to]}" if times[level.to] > 1 else ""
            yield f"{anchor}-level-{_label(level.to)}{again}{_round(had)}", level


def _label(audience: str) -> str:
    """An audience as it stands in keys, which name no person."""
    prefix, _, name = audience.partition(":")
    return f"user-{_digest(name)}" if prefix == "user" else audience.replace(":", "-")


def _round(had: Sequence[Acknowledgement]) -> str:
    """What the keys of a chain end in that begins anew after an acknowledgement."""
    return f"-again-{_digest(had[-1].id + had[-1].at.isoformat())}" if had else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _is_told_at_once(policy: Policy) -> bool:
    """Whether the first level is what the overdue step does anyway: telling those responsible, without a wait."""
    levels = policy.escalation.levels
    return bool(levels) and levels[0].to == "assignees" and not delta(levels[0].after)


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
    if not anchor.is_over:
        return []
    begun = anchor.at or anchor.step.due_at
    return [item for item in care.acknowledgements if item.at >= begun]


def stage(
    anchors: Sequence[Entry], entries: Mapping[str, Entry], care: Care, now: datetime
) -> tuple[Stage, Acknowledgement | None]:
    """How far the worst of the chains has gone, and the acknowledgement in force."""
    ranks: list[Stage] = ["open", "acknowledged", "overdue", "escalated"]
    worst: Stage = "open"
    in_force: Acknowledgement | None = None
    for anchor in anchors:
        had = taken(anchor, care)
        told = _told_in(anchor.step.key, entries, _round(had))
        if not anchor.is_fired and not (anchor.reason == "past" and (told or had)):
            continue
        reached: Stage = "overdue"
        if had and not told and (had[-1].expires_at is None or had[-1].expires_at > now):
            reached, in_force = "acknowledged", had[-1]
        elif any(is_above(entry.step) and entry.outcome == "sent" for entry in told):
            reached = "escalated"
        worst = max(worst, reached, key=ranks.index)
    return worst, in_force if worst == "acknowledged" else None


def _told_in(anchor: str, entries: Mapping[str, Entry], round_: str) -> list[Entry]:
    """What has fired of a chain since its last acknowledgement."""
    return [
        entry
        for key, entry in entries.items()
        if entry.step.stage == "escalation"
        and entry.is_fired
        and key.startswith(f"{anchor}-level-")
        and (key.endswith(round_) if round_ else "-again-" not in key)
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
    """What falls into a snooze is told at its end, if it has a point then; of a type's reminders the last."""
    if until is None:
        return list(steps)
    overdue = {step.deadline for step in steps if step.stage == "overdue" and step.due_at <= until}
    found: dict[str, Step] = {}
    for step in steps:
        if step.due_at >= until:
            found[step.key] = step
        elif step.stage != "reminder":
            found[step.key] = step.model_copy(update={"due_at": until})
        elif (step.announces is None or until < step.announces) and step.deadline not in overdue:
            found[step.type] = step.model_copy(update={"due_at": until})
    return list(found.values())
