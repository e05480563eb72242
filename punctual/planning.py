"""From what was known and what was heard to what is now so: the whole decision of `plan`, without its database.

The same events again change nothing, and the order in which they arrive decides only which notices of overtaken
events were still sent: the entity, its future and the newest event's notice come out the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from punctual.events import Event, mark, notice_key
from punctual.kind import Kind
from punctual.lifecycle import Record, Stage, Verdict, apply
from punctual.policy import Policy
from punctual.protocol import Heard, Refusal
from punctual.timeline import Step, in_order

_FATE: dict[Verdict, tuple[str, str | None]] = {
    "applied": ("planned", None),
    "stale": ("superseded", "stale"),
    "closed": ("superseded", "closed"),
}


@dataclass(frozen=True)
class Entry:
    """A step and what became of it so far."""

    step: Step
    outcome: str = "planned"
    reason: str | None = None
    detail: str | None = None


@dataclass
class Plan:
    """The outcome of planning: all entries by key, and which of them are new or changed."""

    record: Record
    entries: dict[str, Entry]
    moments: list[tuple[Record, datetime]] = field(default_factory=list)
    """What was so after each event that was new, and when we had it."""
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    overtaken: list[str] = field(default_factory=list)
    """Steps whose deliveries, if any are still under way, have become pointless."""
    wanted_again: list[str] = field(default_factory=list)
    """Steps already told that still hold: deliveries of theirs that had been overtaken are to be sent after all."""
    why: str = "replanned"
    """The reason of all that is superseded in this plan."""
    stage: Stage = "open"

    @property
    def steps(self) -> list[Step]:
        """What is still to be told, in order."""
        return in_order(entry.step for entry in self.entries.values() if entry.outcome == "planned")

    @property
    def snapshot(self) -> dict[str, Any]:
        return self.record.current.snapshot if self.record.current else {}

    def _add(self, entry: Entry) -> None:
        self.entries[entry.step.key] = entry
        self.added.append(entry.step.key)

    def _change(self, key: str, outcome: str, reason: str | None) -> None:
        self.entries[key] = replace(self.entries[key], outcome=outcome, reason=reason)
        self.changed.append(key)


def fold(
    kind: Kind[Any],
    record: Record,
    known: Mapping[str, Entry],
    heard: Iterable[Heard],
    refused: Iterable[Refusal],
    now: datetime,
) -> Plan:
    """The first half: events applied in the order they count in, each with its notice; refusals as failed entries."""
    plan = Plan(record, dict(known))
    nothing_known = record.latest is None
    in_turn = sorted(heard, key=lambda item: mark(item.event, kind))
    for place, item in enumerate(in_turn):
        event = item.event
        if event.key in plan.entries:
            continue
        plan.record, verdict = apply(plan.record, event, kind)
        outcome, reason = _FATE[verdict]
        if outcome == "planned" and nothing_known and not plan.added and _is_history(kind, event, item.at):
            outcome, reason = "skipped", "past"
        # Heard at once, they are told in the order in which they happened.
        due = item.at - timedelta(microseconds=len(in_turn) - place)
        step = Step(key=event.key, type=event.type, stage="notice", due_at=due)
        plan._add(Entry(step, outcome, reason))
        plan.moments.append((plan.record, item.at))
    for refusal in refused:
        if refusal.key not in plan.entries:
            step = Step(key=refusal.key, type=refusal.type, stage="notice", due_at=now)
            plan._add(Entry(step, "failed", "rejected", refusal.detail))
    plan.why = _why(record, plan.record)
    return plan


def complete(kind: Kind[Any], plan: Plan, policy: Policy, zone_name: str, now: datetime) -> Plan:
    """The second half: the timeline that follows, set against what had been planned before.

    A step whose instant was already past when we were first told what it follows from is skipped; without any event
    that is `now`.
    """
    wanted = _wanted(kind, plan.record, policy, zone_name)
    since = _wanted_since(kind, plan, policy, zone_name)
    keys = {step.key for step in wanted}
    for key, entry in list(plan.entries.items()):
        if key in keys:
            continue
        if entry.step.stage != "notice" or _outlived(plan.record, kind, entry):
            plan.overtaken.append(key)
            if entry.outcome == "planned":
                plan._change(key, "superseded", plan.why)
        elif plan.moments and entry.outcome == "sent" and not _is_current(plan.record, key):
            # It stays in the inbox, but an old notice must not come in by mail after a newer one.
            plan.overtaken.append(key)
    for step in wanted:
        fate = ("planned", None) if step.due_at > since.get(step.key, now) else ("skipped", "past")
        known = plan.entries.get(step.key)
        if known is None:
            plan._add(Entry(step, *fate))
            continue
        if known.step != step and known.outcome in ("planned", "superseded"):
            plan.entries[step.key] = replace(known, step=step)
            plan.changed.append(step.key)
        if known.outcome == "superseded":
            plan._change(step.key, *fate)
        elif known.outcome == "sent" and plan.moments and (step.announces is None or step.announces > now):
            plan.wanted_again.append(step.key)
    _tell_alike_once(plan)
    _revive(plan)
    plan.stage = _stage(plan, keys)
    return plan


def _wanted_since(kind: Kind[Any], plan: Plan, policy: Policy, zone_name: str) -> dict[str, datetime]:
    """Since when each step has been asked for without a break, by the new events."""
    since: dict[str, datetime] = {}
    for record, at in plan.moments:
        since = {step.key: since.get(step.key, at) for step in _wanted(kind, record, policy, zone_name)}
    return since


def _tell_alike_once(plan: Plan) -> None:
    """Notices of one type that are told together would read the same: the newest speaks for all."""
    newest: dict[str, Step] = {}
    for step in plan.steps:
        if step.stage == "notice":
            older = newest.get(step.type)
            newest[step.type] = step
            if older is not None:
                plan._change(older.key, "superseded", "stale")


def _is_current(record: Record, key: str) -> bool:
    current = record.current
    return current is not None and notice_key(current.mark.source, current.mark.id) == key


def _revive(plan: Plan) -> None:
    """The event that the entity now follows is told, even if it had been overtaken by an end that is now undone."""
    current = plan.record.current
    if current is not None:
        key = notice_key(current.mark.source, current.mark.id)
        if key in plan.entries and plan.entries[key].outcome == "superseded":
            plan._change(key, "planned", None)


def _is_history(kind: Kind[Any], event: Event, at: datetime) -> bool:
    """The first we hear of an entity is that it ended, and its time is over: nobody wants to be told."""
    over = kind.over(kind.snapshot.model_validate(event.data))
    return kind.events[event.type] == "closes" and over is not None and over <= at


def _wanted(kind: Kind[Any], record: Record, policy: Policy, zone_name: str) -> list[Step]:
    if record.is_closed or record.current is None:
        return []
    return kind.timeline(kind.snapshot.model_validate(record.current.snapshot), policy, zone_name)


def _outlived(record: Record, kind: Kind[Any], entry: Entry) -> bool:
    """Whether a notice speaks of something that the entity's end has made pointless."""
    return record.is_closed and kind.events.get(entry.step.type) != "closes"


def _stage(plan: Plan, wanted: set[str]) -> Stage:
    if plan.record.is_closed or plan.record.current is None:
        return "closed"
    fired = (
        plan.entries[key].step.stage == "overdue"
        and plan.entries[key].outcome not in ("planned", "superseded", "skipped")
        for key in wanted
    )
    return "overdue" if any(fired) else "open"


def _why(before: Record, after: Record) -> str:
    if after.is_closed and after.current is not None:
        return "cancelled" if after.current.type.endswith(".cancelled") else "closed"
    moved = before.current is not None and after.current is not None and before.current.mark != after.current.mark
    return "rescheduled" if moved else "replanned"
