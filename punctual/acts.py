"""What people do about an entity: acknowledge, snooze, remind now. Each act counts once."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from punctual.escalation import Acknowledgement
from punctual.kind import Kind, Scene
from punctual.planning import Plan
from punctual.protocol import Act, Answer
from punctual.timeline import Entry, Step
from punctual.wire import delta

LONGEST_SNOOZE = timedelta(days=366)
REMIND_NOW = "remind-now"
BRAKE = timedelta(minutes=1)
"""How soon the same people may be reminded by hand again."""


def apply(kind: Kind[Any], plan: Plan, scene: Scene, act: Act, *, may: bool, now: datetime) -> Answer | None:
    """Makes `act` part of `plan`, which is then to be completed again; an Answer is its refusal.

    `may`: the entity is theirs, or one below them in the directory, or they have been told of it, or by their role.
    """
    if plan.record.is_closed or plan.record.current is None:
        return Answer(id=act.id, refusal="closed", detail="It has ended.")
    if not kind.lasts:
        return Answer(id=act.id, refusal="nothing_to_acknowledge", detail="A single event is told once.")
    if not may:
        return Answer(id=act.id, refusal="not_yours", detail="It is not assigned to them or to anybody below them.")
    return {"acknowledge": _acknowledge, "snooze": _snooze, "remind_now": _remind_now}[act.what](
        kind, plan, scene, act, now
    )


def answer(act: Act, plan: Plan) -> Answer:
    """Where the entity stands after an act."""
    steps = plan.steps
    return Answer(
        id=act.id, state=plan.stage, acknowledged_by=plan.taken.by if plan.taken else None,
        next_step_at=steps[0].due_at if steps else None,
    )  # fmt: skip


def _acknowledge(kind: Kind[Any], plan: Plan, scene: Scene, act: Act, now: datetime) -> Answer | None:
    had = plan.care.acknowledgements
    if any(item.id == act.id for item in had) or (plan.taken is not None and plan.taken.by == act.user_id):
        return None
    if plan.stage not in ("overdue", "escalated"):
        taken = f"{plan.taken.by} has it in hand." if plan.taken else "Nothing is overdue."
        return Answer(id=act.id, refusal="nothing_to_acknowledge", detail=taken)
    expires = scene.policy.escalation.acknowledgement_expires
    until = scene.working.add(now, delta(expires)) if expires else None
    taken_now = Acknowledgement(id=act.id, by=act.user_id, at=now, expires_at=until)
    plan.care = plan.care.model_copy(update={"acknowledgements": [*had, taken_now]})
    # The same act may be asked for again when this acknowledgement has fallen, and is told then.
    step = Step(key=_key("acknowledged", act, now), type="escalation.acknowledged", stage="notice", due_at=now)
    plan.add(Entry(step, data={"acknowledged_by": act.user_id}))
    return None


def _snooze(kind: Kind[Any], plan: Plan, scene: Scene, act: Act, now: datetime) -> Answer | None:
    until = scene.working.next_morning(now) if act.until == "next_working_morning" else act.until
    if until is None or isinstance(until, str) or not now < until <= now + LONGEST_SNOOZE:
        return Answer(id=act.id, refusal="invalid", detail="until must lie ahead, and within a year.")
    plan.care = plan.care.model_copy(update={"snoozed_until": until, "snoozed_by": act.user_id})
    return None


def _remind_now(kind: Kind[Any], plan: Plan, scene: Scene, act: Act, now: datetime) -> Answer | None:
    key = _key(REMIND_NOW, act)
    if key in plan.entries:
        return None
    if any(name.startswith(REMIND_NOW) and now - entry.step.due_at < BRAKE for name, entry in plan.entries.items()):
        return Answer(id=act.id, refusal="nothing_to_remind_of", detail="They were reminded within the last minute.")
    step = _reminder(kind, plan, key, now)
    if step is None:
        return Answer(id=act.id, refusal="nothing_to_remind_of", detail="It has no time that lies ahead.")
    plan.add(Entry(step))
    return None


def _reminder(kind: Kind[Any], plan: Plan, key: str, now: datetime) -> Step | None:
    """Of what is overdue, if anything is; else of the next time that lies ahead."""
    anchors = [entry for entry in plan.entries.values() if entry.step.stage == "overdue"]
    fired = [entry.step for entry in anchors if entry.is_fired]
    if plan.stage not in ("open", "closed") and fired:
        late = max(fired, key=lambda step: step.due_at)
        return Step(key=key, type=late.type, stage="notice", due_at=now, deadline=late.deadline)
    due = kind.due(kind.snapshot.model_validate(plan.snapshot))
    ahead = [entry.step.deadline for entry in anchors if entry.is_open and entry.step.deadline]
    deadline = due or min(ahead, default=None)
    if deadline is None or deadline <= now:
        return None
    return Step(key=key, type=kind.reminder, stage="notice", due_at=now, announces=deadline, deadline=deadline)


def _key(what: str, act: Act, at: datetime | None = None) -> str:
    name = act.id + (at.isoformat() if at else "")
    return f"{what}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
