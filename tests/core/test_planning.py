"""The decision of `plan` as a pure function: over random lives, nothing twice, nothing stale, nothing unexplained."""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual import hearing, planning
from punctual.appointment import KIND
from punctual.delivery import REASONS
from punctual.events import Event, mark, notice_key
from punctual.kind import Kind
from punctual.lifecycle import Record
from punctual.planning import Plan
from punctual.policy import Policy, Reminder
from punctual.protocol import Heard, Refusal
from punctual.registry import ENTITIES
from tests.core.life import Life
from tests.core.strategies import NOW, event, lives, policies, scene

of_every_kind = pytest.mark.parametrize("kind", ENTITIES.values(), ids=ENTITIES)
EMPTY = Plan(Record(), {})
PLAIN = Policy(reminders=[Reminder(before="PT24H"), Reminder(before="PT1H")], overdue_after="PT15M")


def _plan(
    before: Plan, events: list[Event], policy: Policy, kind: Kind[Any] = KIND, refused: list[Refusal] | None = None
) -> Plan:
    """All heard and planned at NOW."""
    return _hear(before, [Heard(event=each, at=NOW) for each in events], policy, kind, refused)


def _hear(
    before: Plan,
    heard: list[Heard],
    policy: Policy,
    kind: Kind[Any] = KIND,
    refused: list[Refusal] | None = None,
    at: datetime = NOW,
    zone: str = "Europe/Berlin",
) -> Plan:
    plan = hearing.fold(kind, before.record, before.entries, heard, refused or [], at, before.care)
    return planning.complete(kind, plan, scene(policy, zone), at)


def _tell_due(plan: Plan, at: datetime) -> list[str]:
    """Fires what is due, as the workflow does; the keys told."""
    told = [step.key for step in plan.steps if step.due_at <= at]
    for key in told:
        plan.entries[key] = replace(plan.entries[key], outcome="sent", reason=None, at=at)
    return told


@of_every_kind
@given(data=st.data(), policy=policies, seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, 30), max_size=6))
def test_however_events_arrive_life_ends_up_the_same(
    kind: Kind[Any], data: st.DataObject, policy: Policy, seed: int, cuts: list[int]
) -> None:
    """In batches or one by one, in any order, three times over: same stage, same steps ahead, no key told twice.

    All are heard at one instant, for the waits of a chain that has begun count from when we heard of what restarts
    them. The levels that are foreseen of a chain yet to begin are among the steps ahead.
    """
    events = data.draw(lives(kind))
    straight = _plan(EMPTY, events, policy, kind)
    arrived = events * 3
    random.Random(seed).shuffle(arrived)
    plan, told, rest = EMPTY, [], [*arrived]
    for size in [*cuts, len(arrived)]:
        batch, rest = rest[:size], rest[size:]
        plan = _plan(plan, batch, policy, kind)
        told += _tell_due(plan, NOW)
    assert len(told) == len(set(told))
    assert plan.stage == straight.stage
    ahead = [step for step in straight.steps if step.due_at > NOW]
    assert [step for step in plan.steps if step.due_at > NOW] == ahead


@of_every_kind
@given(data=st.data(), policy=policies, seed=st.integers(0, 2**32))
def test_the_event_that_life_follows_is_told_exactly_once(
    kind: Kind[Any], data: st.DataObject, policy: Policy, seed: int
) -> None:
    """The notice of the event whose snapshot counts in the end is told once in any order of arrival."""
    arrived = data.draw(lives(kind)) * 2
    random.Random(seed).shuffle(arrived)
    plan, told = EMPTY, []
    for item in arrived:
        plan = _plan(plan, [item], policy, kind)
        told += _tell_due(plan, NOW)
    assert plan.record.current is not None
    current = plan.record.current.mark
    key = notice_key(current.source, current.id)
    if plan.entries[key].outcome != "skipped":
        assert told.count(key) == 1


@given(data=st.data(), policy=policies, seed=st.integers(0, 2**32))
def test_each_message_and_callback_is_told_exactly_once(data: st.DataObject, policy: Policy, seed: int) -> None:
    """Whatever the order of a ticket's events, and though it may have ended by then."""
    events = data.draw(lives(ENTITIES["ticket"]))
    arrived = events * 2
    random.Random(seed).shuffle(arrived)
    plan, told = EMPTY, []
    for item in arrived:
        plan = _plan(plan, [item], policy, ENTITIES["ticket"])
        told += _tell_due(plan, NOW)
    own = sorted(each.key for each in events if each.type in ENTITIES["ticket"].own_words)
    assert sorted(key for key in told if key in own) == own


@of_every_kind
@given(data=st.data(), policy=policies)
def test_nothing_is_planned_after_the_end(kind: Kind[Any], data: st.DataObject, policy: Policy) -> None:
    """A closed entity has only the notice of its end still to tell, and what is told whatever overtakes it."""
    plan = _plan(EMPTY, data.draw(lives(kind)), policy, kind)
    if plan.stage == "closed":
        assert {step.stage for step in plan.steps} <= {"notice"}
        last_words = {step.type for step in plan.steps} - set(kind.own_words)
        assert {kind.events.get(type_) for type_ in last_words} <= {"closes"}


@of_every_kind
@given(data=st.data(), policy=policies)
def test_whatever_is_not_planned_has_a_reason_of_the_contract(
    kind: Kind[Any], data: st.DataObject, policy: Policy
) -> None:
    """Outcome and reason of every entry are a pair that the contract knows."""
    plan = _plan(EMPTY, data.draw(lives(kind)), policy, kind)
    for entry in plan.entries.values():
        assert entry.reason in REASONS[entry.outcome] or (entry.reason is None and not REASONS[entry.outcome])


@of_every_kind
@given(data=st.data(), policy=policies)
def test_the_same_request_again_changes_nothing(kind: Kind[Any], data: st.DataObject, policy: Policy) -> None:
    """An activity that is retried after its commit writes nothing new."""
    events = data.draw(lives(kind))
    refused = [Refusal(key="refused-1", type="unknown", detail="no")]
    first = _plan(EMPTY, events, policy, kind, refused)
    again = _plan(Plan(first.record, first.entries, first.care), events, policy, kind, refused)
    assert (again.added, again.changed, again.stage) == ([], [], first.stage)
    assert (again.steps, again.care) == (first.steps, first.care)


@of_every_kind
@given(data=st.data(), policy=policies, hours=st.integers(0, 200), seed=st.integers(0, 2**32))
def test_copies_that_come_late_restart_nothing(
    kind: Kind[Any], data: st.DataObject, policy: Policy, hours: int, seed: int
) -> None:
    """However far its chains have gone: what was heard before leaves stage, instants and waits as they are."""
    events = data.draw(lives(kind))
    life = Life(kind, policy, NOW)
    life.hear(*events)
    life.sleep(timedelta(hours=hours))
    before = (life.stage, life.steps, life.care, life.entries)
    copies = events * 2
    random.Random(seed).shuffle(copies)
    for each in copies:
        life.hear(each)
    assert (life.stage, life.steps, life.care, life.entries) == before


@of_every_kind
@given(data=st.data(), policy=policies)
def test_what_is_past_when_it_is_first_heard_of_is_skipped_and_never_told(
    kind: Kind[Any], data: st.DataObject, policy: Policy
) -> None:
    """No reminder of the past fires at booking, and nothing that was over long ago escalates."""
    plan = _plan(EMPTY, data.draw(lives(kind, longest=1)), policy, kind)
    for entry in plan.entries.values():
        if entry.step.stage != "notice":
            assert (entry.outcome == "skipped") == (entry.step.due_at <= NOW)


def test_what_is_heard_at_once_is_told_in_the_order_in_which_it_happened() -> None:
    """A batch that comes newest first is told oldest first."""
    events = [event(type_, NOW - timedelta(minutes=n), f"e{n}", NOW + timedelta(hours=9)) for n, type_ in enumerate(
        ["confirmed", "updated", "scheduled"])]  # fmt: skip
    plan = _plan(EMPTY, events, KIND.default_policy)
    notices = [step.type.split(".")[1] for step in plan.steps if step.stage == "notice"]
    assert notices == ["scheduled", "updated", "confirmed"]
    assert all(step.due_at <= NOW for step in plan.steps if step.stage == "notice")


def test_a_step_that_was_skipped_makes_nothing_overdue() -> None:
    """Overdue is what was asked about: an appointment heard of when its end was long past stays open."""
    scheduled = event("scheduled", NOW, "e", NOW - timedelta(hours=9))
    plan = _plan(EMPTY, [scheduled], KIND.default_policy)
    assert plan.stage == "open"
    assert [step for step in plan.steps if step.stage == "escalation"] == []


def test_an_outage_between_acceptance_and_planning_makes_nothing_past() -> None:
    """What was ahead when the event was accepted is still to be told, though its instant has gone by meanwhile."""
    scheduled = event("scheduled", NOW, "e", NOW + timedelta(hours=2))
    plan = hearing.fold(KIND, Record(), {}, [Heard(event=scheduled, at=NOW)], [], NOW + timedelta(hours=3))
    plan = planning.complete(KIND, plan, scene(KIND.default_policy), NOW)
    outcomes = {entry.step.key.split("-2")[0]: entry.outcome for entry in plan.entries.values()}
    assert outcomes["reminder-PT1H"] == "planned"
    assert outcomes["reminder-PT24H"] == "skipped"


def test_a_repeated_or_later_event_does_not_make_an_accepted_reminder_past() -> None:
    """Accepted at noon for a reminder an hour later; what came after that hour does not take it back."""
    scheduled = event("scheduled", NOW, "e", NOW + timedelta(hours=2))
    confirmed = event("confirmed", NOW + timedelta(minutes=1), "f", NOW + timedelta(hours=2))
    late = NOW + timedelta(minutes=70)
    for second in (scheduled, confirmed):
        heard = [Heard(event=scheduled, at=NOW), Heard(event=second, at=late)]
        plan = _hear(EMPTY, heard, KIND.default_policy, at=NOW + timedelta(minutes=90))
        assert [s.key.split("-2")[0] for s in plan.steps if s.stage == "reminder"] == ["reminder-PT1H"]


def test_notices_that_would_read_the_same_are_told_once() -> None:
    """Three edits heard at once: the newest speaks for all, the others say why they were not told."""
    events = [event("updated", NOW - timedelta(minutes=n), f"e{n}", NOW + timedelta(hours=9)) for n in range(3)]
    plan = _plan(EMPTY, events, KIND.default_policy)
    outcomes = [(plan.entries[e.key].outcome, plan.entries[e.key].reason) for e in events]
    assert outcomes == [("planned", None), ("superseded", "stale"), ("superseded", "stale")]


def test_a_step_whose_rule_changed_behind_its_key_moves() -> None:
    """Another zone, the same key: the reminder on the day before follows it."""
    rules = Policy(reminders=[Reminder(day_before_at="09:00")])
    heard = [Heard(event=event("scheduled", NOW, "e", NOW + timedelta(hours=48)), at=NOW)]
    first = _hear(EMPTY, heard, rules, zone="Asia/Kolkata")
    again = _hear(first, [], rules, zone="America/Los_Angeles")
    due = [[step.due_at for step in plan.steps if step.stage == "reminder"] for plan in (first, again)]
    assert due[1][0] - due[0][0] == timedelta(hours=12, minutes=30)
    assert again.changed


def test_the_reason_of_what_is_superseded_is_what_happened() -> None:
    """Cancelled, closed and rescheduled each say so."""
    scheduled = event("scheduled", NOW - timedelta(minutes=9), "a", NOW + timedelta(hours=48))
    first = _plan(EMPTY, [scheduled], PLAIN)
    for type_, reason in (("cancelled", "cancelled"), ("completed", "closed"), ("rescheduled", "rescheduled")):
        later = event(type_, NOW, "b", NOW + timedelta(hours=72))
        after = _plan(first, [later], PLAIN)
        superseded = [e for e in after.entries.values() if e.outcome == "superseded" and e.step.stage != "notice"]
        assert [entry.reason for entry in superseded] == [reason] * 3
    assert mark(scheduled, KIND) < mark(later, KIND)
