"""Whether it still makes sense to tell what could not be told the first time."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from punctual import hearing, planning
from punctual.escalation import Care
from punctual.kind import Kind, Scene
from punctual.lifecycle import Record
from punctual.planning import Plan
from punctual.timeline import Entry
from punctual.wire import delta

# What alarms is bounded by the policy's `late_cutoff`, once told as before.
ALARMS = ("overdue", "escalation")


def as_planned_now(
    kind: Kind[Any], record: Record, care: Care, entries: Iterable[Entry], scene: Scene, now: datetime
) -> Plan:
    """What planning would make of an entity without any news."""
    known = {entry.step.key: entry for entry in entries}
    return planning.complete(kind, hearing.fold(kind, record, known, [], [], now, care), scene, now)


def obstacle(
    kind: Kind[Any], plan: Plan, scene: Scene, key: str, user_id: str, told_at: datetime, now: datetime
) -> str | None:
    """Why somebody should not be told of a step any more, which was to be told at `told_at`; None: it makes sense."""
    entry = plan.entries.get(key)
    if entry is None or key in plan.overtaken or planning.is_overtaken(kind, plan.record, entry.step):
        return "superseded"
    if key in plan.acknowledged:
        return "acknowledged"
    if _was_relieved(plan, key, user_id, told_at):
        return "reassigned"
    step = entry.step
    if step.announces is not None and step.announces <= now:
        return "expired"
    if step.stage in ALARMS and step.due_at + delta(scene.policy.late_cutoff) <= now:
        return "late"
    return None


def _was_relieved(plan: Plan, key: str, user_id: str, told_at: datetime) -> bool:
    """Whether it has become somebody else's since; that it has is news for them."""
    if user_id in plan.snapshot.get("assignee_ids", []):
        return False
    return any(
        user_id in entry.data.get("previous_assignee_ids", []) and entry.step.due_at >= told_at
        for entry in plan.entries.values()
        if entry.step.key != key and entry.outcome != "superseded"
    )
