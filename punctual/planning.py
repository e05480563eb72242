"""From what was heard to what is now so: with `hearing`, the whole decision of `plan` without its database.

The same events again change nothing, and the order in which they arrive decides only which notices of overtaken
events were still sent: the entity, its future and the newest event's notice come out the same.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from punctual import escalation
from punctual.escalation import Acknowledgement, Care
from punctual.events import Mark, notice_key
from punctual.kind import Kind, Scene
from punctual.lifecycle import Record, Stage
from punctual.timeline import Entry, Step, in_order

LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


@dataclass
class Plan:
    """The outcome of planning: all entries by key, and which of them are new or changed."""

    record: Record
    entries: dict[str, Entry]
    care: Care = field(default_factory=Care)
    is_new: bool = False
    """Whether nothing was known of the entity before."""
    moments: list[tuple[Record, datetime]] = field(default_factory=list)
    """What was so after each event that was new, and when we had it."""
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    overtaken: list[str] = field(default_factory=list)
    """Steps whose deliveries, if any are still under way, have become pointless."""
    acknowledged: list[str] = field(default_factory=list)
    """Steps of chains that somebody has taken: what is still to be sent of them is withheld."""
    wanted_again: list[str] = field(default_factory=list)
    """Steps already told that still hold: deliveries of theirs that had been overtaken are to be sent after all."""
    why: str = "replanned"
    """The reason of all that is superseded in this plan."""
    stage: Stage = "open"
    taken: Acknowledgement | None = None
    """The acknowledgement in force."""

    @property
    def steps(self) -> list[Step]:
        """What is still to be told, in order."""
        return in_order(entry.step for entry in self.entries.values() if entry.is_open)

    @property
    def snapshot(self) -> dict[str, Any]:
        return self.record.current.snapshot if self.record.current else {}

    def add(self, entry: Entry) -> None:
        self.entries[entry.step.key] = entry
        self.added.append(entry.step.key)

    def change(self, key: str, outcome: str, reason: str | None) -> None:
        self.entries[key] = replace(self.entries[key], outcome=outcome, reason=reason)
        self.changed.append(key)


def complete(kind: Kind[Any], plan: Plan, scene: Scene, now: datetime) -> Plan:
    """The timeline that follows from what was folded, set against what had been planned before.

    A step whose instant was already past when we were first told what it follows from is skipped; without any event
    that is `now`.
    """
    past = _Past(plan.entries)
    wanted = _wanted(kind, plan.record, past, scene)
    since = _wanted_since(kind, plan, past, scene)
    shown = escalation.held(wanted, plan.care.snoozed_until)
    for step in shown:
        _want(plan, step, scene, since.get(step.key, now), now)
    anchors = [step for step in wanted if step.stage == "overdue"]
    for anchor in anchors:
        known = plan.entries[anchor.key]
        levels = escalation.chain(known, plan.entries, scene.policy, scene.working, plan.care, now)
        for step in levels:
            _want(plan, step, scene, now if plan.entries[anchor.key].reason == "past" else LONG_AGO, now)
        shown += levels
    taken = {step.key for step in anchors if escalation.taken(plan.entries[step.key], plan.care)}
    _drop(kind, plan, {step.key for step in shown}, taken)
    _tell_alike_once(kind, plan)
    if kind.lasts:
        _revive(plan)
    if plan.record.is_closed or plan.record.current is None:
        plan.stage, plan.taken = "closed", None
    else:
        fired = [plan.entries[step.key] for step in anchors]
        plan.stage, plan.taken = escalation.stage(fired, plan.entries, plan.care, now)
        if plan.stage == "open" and not kind.lasts and not plan.steps:
            plan.stage = "closed"  # what was to be told once has been
    return plan


def _want(plan: Plan, step: Step, scene: Scene, since: datetime, now: datetime) -> None:
    """Makes a step of the timeline one of the plan: new, moved, back again, or as it was."""
    is_snoozed = step.due_at == plan.care.snoozed_until and step.due_at > now
    ahead = ("deferred", "snoozed") if is_snoozed else ("planned", None)
    fate = ahead if step.due_at > since else ("skipped", "past")
    known = plan.entries.get(step.key)
    is_late = step.stage == "overdue" and step.due_at <= now
    at_once = step.model_copy(update={"due_at": scene.working.opening(now)}) if is_late else step
    if known is None:
        # A deadline that was moved into the past, of something that we know, has passed now.
        late = is_late and not plan.is_new
        plan.add(Entry(at_once, *ahead) if late else Entry(step, fate[0], fate[1], at=now))
        return
    was_dropped = known.outcome == "superseded" or known.reason == "acknowledged"
    if is_late and was_dropped:
        fate, step = ahead, at_once  # it is open again
    elif is_late and known.is_open and known.step.due_at > step.due_at:
        step = known.step
    if known.step != step and (known.is_open or was_dropped):
        plan.entries[step.key] = replace(known, step=step)
        plan.changed.append(step.key)
    if was_dropped:
        plan.change(step.key, *fate)
    elif known.is_open and (known.outcome, known.reason) != ahead:
        plan.change(step.key, *ahead)
    elif known.outcome == "sent" and plan.moments and (step.announces is None or step.announces > now):
        plan.wanted_again.append(step.key)


def _drop(kind: Kind[Any], plan: Plan, wanted: set[str], taken: set[str]) -> None:
    """What is no longer asked for: superseded, or withheld because somebody has taken it."""
    for key, entry in list(plan.entries.items()):
        if key in wanted:
            # Of a chain that was taken, what was told still goes to nobody whom it has not reached.
            if key in taken and entry.is_fired:
                plan.acknowledged.append(key)
            continue
        step = entry.step
        if step.stage in ("escalation", "exhausted") and any(key.startswith(f"{anchor}-") for anchor in taken):
            plan.acknowledged.append(key)
            if entry.is_open:
                plan.change(key, "withheld", "acknowledged")
        elif step.stage != "notice" or _outlived(kind, plan.record, step):
            plan.overtaken.append(key)
            if entry.is_open:
                plan.change(key, "superseded", plan.why)
        elif plan.moments and entry.outcome == "sent" and is_overtaken(kind, plan.record, step):
            # It stays in the inbox, but an old notice must not come in by mail after a newer one.
            plan.overtaken.append(key)


def _outlived(kind: Kind[Any], record: Record, step: Step) -> bool:
    """Whether a notice speaks of something that the entity's end has made pointless."""
    return record.is_closed and step.type not in kind.own_words and kind.events.get(step.type) != "closes"


def is_overtaken(kind: Kind[Any], record: Record, step: Step) -> bool:
    """Whether a notice tells of an event that a newer one has replaced."""
    return step.type in kind.events and step.type not in kind.own_words and not _is_current(record, step.key)


class _Past:
    """What events left behind, in the order in which they count."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        kept = [(Mark(*entry.data["mark"]), entry.data) for entry in entries.values() if "mark" in entry.data]
        kept.sort(key=lambda item: item[0])
        self._marks, self._data = [mark for mark, _ in kept], [data for _, data in kept]

    def until(self, mark: Mark) -> list[Mapping[str, Any]]:
        return self._data[: bisect_right(self._marks, mark)]


def _wanted_since(kind: Kind[Any], plan: Plan, past: _Past, scene: Scene) -> dict[str, datetime]:
    """Since when each step has been asked for without a break, by the new events."""
    since: dict[str, datetime] = {}
    for record, at in plan.moments:
        wanted = _wanted(kind, record, past, scene)
        since = {step.key: since.get(step.key, at) for step in wanted}
    return since


def _wanted(kind: Kind[Any], record: Record, past: _Past, scene: Scene) -> list[Step]:
    if record.is_closed or record.current is None:
        return []
    reopened = datetime.fromisoformat(record.opened.time) if record.opened else None
    then = replace(scene, past=past.until(record.current.mark), reopened_at=reopened)
    return kind.timeline(kind.snapshot.model_validate(record.current.snapshot), then)


def _tell_alike_once(kind: Kind[Any], plan: Plan) -> None:
    """Notices of one type that are told together would read the same: the newest speaks for all."""
    newest: dict[str, Step] = {}
    for step in plan.steps:
        if step.stage == "notice" and step.type not in kind.own_words and kind.lasts:
            older = newest.get(step.type)
            newest[step.type] = step
            if older is not None:
                plan.change(older.key, "superseded", "stale")


def _is_current(record: Record, key: str) -> bool:
    current = record.current
    return current is not None and notice_key(current.mark.source, current.mark.id) == key


def _revive(plan: Plan) -> None:
    """The event that the entity now follows is told, even if it had been overtaken by an end that is now undone."""
    current = plan.record.current
    if current is not None:
        key = notice_key(current.mark.source, current.mark.id)
        if key in plan.entries and plan.entries[key].outcome == "superseded":
            plan.change(key, "planned", None)
