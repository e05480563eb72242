"""The decision of `plan` as a pure function: over random lives, nothing twice, nothing stale, nothing unexplained."""

import random
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from punctual import planning
from punctual.appointment import KIND
from punctual.delivery import REASONS
from punctual.events import Event, mark, notice_key
from punctual.lifecycle import Record
from punctual.planning import Entry, Plan
from punctual.policy import Policy, Reminder
from punctual.protocol import Heard, Refusal
from tests.core.strategies import NOW, event, lives, policies


def _plan(
    before: Plan, heard: list[Heard], policy: Policy, at: datetime, refused: list[Refusal] | None = None
) -> Plan:
    plan = planning.fold(KIND, before.record, before.entries, heard, refused or [], at)
    return planning.complete(KIND, plan, policy, "Europe/Berlin", at)


def _tell_due(plan: Plan, at: datetime) -> list[str]:
    """Fires what is due, as the workflow does; the keys told."""
    told = [step.key for step in plan.steps if step.due_at <= at]
    for key in told:
        plan.entries[key] = Entry(plan.entries[key].step, "sent")
    return told


EMPTY = Plan(Record(), {})


@given(events=lives(), policy=policies, seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, 30), max_size=6))
def test_however_events_arrive_life_ends_up_the_same(
    events: list[Event], policy: Policy, seed: int, cuts: list[int]
) -> None:
    """In batches or one by one, in any order, three times over: same stage, same steps ahead, no key told twice."""
    straight = _plan(EMPTY, [Heard(event=e, at=NOW) for e in events], policy, NOW)
    arrived = events * 3
    random.Random(seed).shuffle(arrived)
    plan, told, rest = Plan(Record(), {}), [], [*arrived]
    for size in [*cuts, len(arrived)]:
        batch, rest = rest[:size], rest[size:]
        plan = _plan(plan, [Heard(event=e, at=NOW) for e in batch], policy, NOW)
        told += _tell_due(plan, NOW)
    assert len(told) == len(set(told))
    assert plan.stage == straight.stage
    ahead = [step for step in straight.steps if step.due_at > NOW]
    assert [step for step in plan.steps if step.due_at > NOW] == ahead


@given(events=lives(), policy=policies, seed=st.integers(0, 2**32))
def test_the_event_that_life_follows_is_told_exactly_once(events: list[Event], policy: Policy, seed: int) -> None:
    """The notice of the event whose snapshot counts in the end is told once in any order of arrival."""
    arrived = events * 2
    random.Random(seed).shuffle(arrived)
    plan, told = Plan(Record(), {}), []
    for item in arrived:
        plan = _plan(plan, [Heard(event=item, at=NOW)], policy, NOW)
        told += _tell_due(plan, NOW)
    assert plan.record.current is not None
    current = plan.record.current.mark
    key = notice_key(current.source, current.id)
    if plan.entries[key].outcome != "skipped":
        assert told.count(key) == 1


@given(events=lives(), policy=policies)
def test_nothing_is_planned_after_the_end(events: list[Event], policy: Policy) -> None:
    """A closed entity has only the notice of its end still to tell."""
    plan = _plan(EMPTY, [Heard(event=e, at=NOW) for e in events], policy, NOW)
    if plan.stage == "closed":
        assert {KIND.events.get(step.type) for step in plan.steps} <= {"closes"}


@given(events=lives(), policy=policies)
def test_whatever_is_not_planned_has_a_reason_of_the_contract(events: list[Event], policy: Policy) -> None:
    """Outcome and reason of every entry are a pair that the contract knows."""
    plan = _plan(EMPTY, [Heard(event=e, at=NOW) for e in events], policy, NOW)
    for entry in plan.entries.values():
        assert entry.reason in REASONS[entry.outcome] or (entry.reason is None and not REASONS[entry.outcome])


@given(events=lives(), policy=policies)
def test_the_same_request_again_changes_nothing(events: list[Event], policy: Policy) -> None:
    """An activity that is retried after its commit writes nothing new."""
    heard = [Heard(event=e, at=NOW) for e in events]
    refused = [Refusal(key="refused-1", type="unknown", detail="no")]
    first = _plan(EMPTY, heard, policy, NOW, refused)
    again = _plan(Plan(first.record, first.entries), heard, policy, NOW, refused)
    assert (again.added, again.changed, again.stage) == ([], [], first.stage)
    assert again.steps == first.steps


@given(policy=policies, hours=st.integers(-50, 50))
def test_what_is_past_when_it_is_first_heard_of_is_skipped_and_never_told(policy: Policy, hours: int) -> None:
    """No reminder of the past fires at booking."""
    scheduled = event("scheduled", NOW, "e", NOW + timedelta(hours=hours))
    plan = _plan(EMPTY, [Heard(event=scheduled, at=NOW)], policy, NOW)
    for entry in plan.entries.values():
        if entry.step.stage != "notice":
            assert (entry.outcome == "skipped") == (entry.step.due_at <= NOW)


def test_what_is_heard_at_once_is_told_in_the_order_in_which_it_happened() -> None:
    """A batch that comes newest first is told oldest first."""
    events = [event(type_, NOW - timedelta(minutes=n), f"e{n}", NOW + timedelta(hours=9)) for n, type_ in enumerate(
        ["confirmed", "updated", "scheduled"])]  # fmt: skip
    plan = _plan(EMPTY, [Heard(event=e, at=NOW) for e in events], KIND.default_policy, NOW)
    notices = [step.type.split(".")[1] for step in plan.steps if step.stage == "notice"]
    assert notices == ["scheduled", "updated", "confirmed"]
    assert all(step.due_at <= NOW for step in plan.steps if step.stage == "notice")


def test_a_step_that_was_skipped_makes_nothing_overdue() -> None:
    """Overdue is what was asked about: an appointment heard of when its end was long past stays open."""
    scheduled = event("scheduled", NOW, "e", NOW - timedelta(hours=9))
    assert _plan(EMPTY, [Heard(event=scheduled, at=NOW)], KIND.default_policy, NOW).stage == "open"


def test_an_outage_between_acceptance_and_planning_makes_nothing_past() -> None:
    """What was ahead when the event was accepted is still to be told, though its instant has gone by meanwhile."""
    scheduled = event("scheduled", NOW, "e", NOW + timedelta(hours=2))
    plan = planning.fold(KIND, Record(), {}, [Heard(event=scheduled, at=NOW)], [], NOW + timedelta(hours=3))
    plan = planning.complete(KIND, plan, KIND.default_policy, "UTC", NOW)
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
        plan = _plan(EMPTY, heard, KIND.default_policy, NOW + timedelta(minutes=90))
        assert [s.key.split("-2")[0] for s in plan.steps if s.stage == "reminder"] == ["reminder-PT1H"]


def test_notices_that_would_read_the_same_are_told_once() -> None:
    """Three edits heard at once: the newest speaks for all, the others say why they were not told."""
    events = [event("updated", NOW - timedelta(minutes=n), f"e{n}", NOW + timedelta(hours=9)) for n in range(3)]
    plan = _plan(EMPTY, [Heard(event=e, at=NOW) for e in events], KIND.default_policy, NOW)
    outcomes = [(plan.entries[e.key].outcome, plan.entries[e.key].reason) for e in events]
    assert outcomes == [("planned", None), ("superseded", "stale"), ("superseded", "stale")]


def test_a_step_whose_rule_changed_behind_its_key_moves() -> None:
    """Another zone, the same key: the reminder on the day before follows it."""
    rules = Policy(reminders=[Reminder(day_before_at="09:00")])
    heard = [Heard(event=event("scheduled", NOW, "e", NOW + timedelta(hours=48)), at=NOW)]
    first = planning.complete(KIND, planning.fold(KIND, Record(), {}, heard, [], NOW), rules, "Asia/Kolkata", NOW)
    again = planning.complete(
        KIND, planning.fold(KIND, first.record, first.entries, [], [], NOW), rules, "America/Los_Angeles", NOW
    )
    due = [[step.due_at for step in plan.steps if step.stage == "reminder"] for plan in (first, again)]
    assert due[1][0] - due[0][0] == timedelta(hours=12, minutes=30)
    assert again.changed


def test_the_reason_of_what_is_superseded_is_what_happened() -> None:
    """Cancelled, closed and rescheduled each say so."""
    scheduled = event("scheduled", NOW - timedelta(minutes=9), "a", NOW + timedelta(hours=48))
    first = _plan(EMPTY, [Heard(event=scheduled, at=NOW)], KIND.default_policy, NOW)
    for type_, reason in (("cancelled", "cancelled"), ("completed", "closed"), ("rescheduled", "rescheduled")):
        later = event(type_, NOW, "b", NOW + timedelta(hours=72))
        after = _plan(Plan(first.record, first.entries), [Heard(event=later, at=NOW)], KIND.default_policy, NOW)
        superseded = [e for e in after.entries.values() if e.outcome == "superseded" and e.step.stage != "notice"]
        assert [entry.reason for entry in superseded] == [reason] * 3
    assert mark(scheduled, KIND) < mark(later, KIND)
