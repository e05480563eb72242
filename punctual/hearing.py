"""What arrived, folded into what was known: each event in the order in which it counts, with its notice."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from punctual.escalation import Care
from punctual.events import Event, mark
from punctual.kind import Kind
from punctual.lifecycle import Record, Verdict, apply
from punctual.planning import Plan
from punctual.protocol import Heard, Refusal
from punctual.timeline import Entry, Step

_FATE: dict[Verdict, tuple[str, str | None]] = {
    "applied": ("planned", None),
    "stale": ("superseded", "stale"),
    "closed": ("superseded", "closed"),
}


def fold(
    kind: Kind[Any],
    record: Record,
    known: Mapping[str, Entry],
    heard: Iterable[Heard],
    refused: Iterable[Refusal],
    now: datetime,
    care: Care | None = None,
) -> Plan:
    """Events applied in the order they count in, each with its notice; refusals as failed entries."""
    plan = Plan(record, dict(known), care or Care())
    nothing_known = plan.is_new = record.latest is None
    in_turn = sorted(heard, key=lambda item: mark(item.event, kind))
    for place, item in enumerate(in_turn):
        event = item.event
        if event.key in plan.entries:
            continue
        before = plan.record.current
        plan.record, verdict = apply(plan.record, event, kind)
        outcome, reason = _FATE[verdict]
        if outcome == "planned" and nothing_known and not plan.added and _is_history(kind, event, item.at):
            outcome, reason = "skipped", "past"
        elif event.type in kind.own_words:
            outcome, reason = "planned", None
        # Heard at once, they are told in the order in which they happened.
        due = item.at - timedelta(microseconds=len(in_turn) - place)
        had = before.snapshot.get("assignee_ids", []) if before and verdict == "applied" else []
        plan.add(Entry(_notice(kind, event, due), outcome, reason, data=_left_behind(kind, event, had)))
        plan.moments.append((plan.record, item.at))
    for refusal in refused:
        if refusal.key not in plan.entries:
            step = Step(key=refusal.key, type=refusal.type, stage="notice", due_at=now)
            plan.add(Entry(step, "failed", "rejected", refusal.detail))
    plan.why = _why(record, plan.record)
    plan.care = _restarted(kind, record, plan, now)
    return plan


def _notice(kind: Kind[Any], event: Event, due: datetime) -> Step:
    """The step that tells of an event; a single event may name when, and until when."""
    single = kind.snapshot.model_validate(event.data) if not kind.lasts else None
    return Step(
        key=event.key,
        type=kind.notice(event.type),
        stage="notice",
        due_at=max(due, single.send_at or due) if single else due,
        announces=single.expires_at if single else None,
    )


def _left_behind(kind: Kind[Any], event: Event, had: list[str]) -> dict[str, Any]:
    """What of an event outlives the next snapshot: its place, what later planning asks for, who was relieved."""
    kept = {name: event.data[name] for name in kind.keeps if name in event.data}
    if kind.keeps:
        kept["mark"] = list(mark(event, kind))
    relieved = event.data.get("previous_assignee_ids") or had
    gone = [id_ for id_ in relieved if id_ not in event.data.get("assignee_ids", [])]
    return kept | ({"previous_assignee_ids": gone} if gone else {})


def _restarted(kind: Kind[Any], before: Record, plan: Plan, now: datetime) -> Care:
    """Levels wait anew where somebody else is responsible, where it is open again, and where its clock goes on."""
    old, new = before.current, plan.record.current
    if old is None or new is None or old.mark == new.mark or plan.record.is_closed:
        return plan.care
    had, has = (set(each.snapshot.get("assignee_ids", [])) for each in (old, new))
    gone, moved = had - has, bool(has - had)
    goes_on = old.snapshot.get("status") == "waiting" and new.snapshot.get("status") != "waiting"
    changes: dict[str, Any] = {}
    if moved or goes_on or before.is_closed:
        changes["restarted_at"] = now
    if gone or before.is_closed:
        # Who is relieved of it no longer has it in hand.
        kept = [] if before.is_closed else [item for item in plan.care.acknowledgements if item.by not in gone]
        changes["acknowledgements"] = kept
    if plan.care.snoozed_by in gone or before.is_closed:
        changes |= {"snoozed_until": None, "snoozed_by": None}
    return plan.care.model_copy(update=changes)


def _is_history(kind: Kind[Any], event: Event, at: datetime) -> bool:
    """The first we hear of an entity is that it ended, and its time is over: nobody wants to be told."""
    over = kind.over(kind.snapshot.model_validate(event.data))
    return kind.effect(event.type) == "closes" and over is not None and over <= at


def _why(before: Record, after: Record) -> str:
    if after.is_closed and after.current is not None:
        return "cancelled" if after.current.type.endswith(".cancelled") else "closed"
    moved = before.current is not None and after.current is not None and before.current.mark != after.current.mark
    return "rescheduled" if moved else "replanned"
