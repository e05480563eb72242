"""An appointment's future as a pure function of the appointment and its policy."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from punctual.appointment import DEFAULT, KIND, Appointment, timeline
from punctual.policy import Policy, Reminder
from punctual.wire import delta
from tests.core.strategies import NOW, instants, policies, scene, snapshot, zones


def _appointment(starts_at: datetime, **changes: object) -> Appointment:
    return Appointment.model_validate(snapshot(starts_at, **changes))


@given(starts_at=instants, policy=policies, zone=zones)
def test_steps_are_in_order_and_each_key_is_there_once(starts_at: datetime, policy: Policy, zone: str) -> None:
    """Instants never go back, and no two steps share a key."""
    steps = timeline(_appointment(starts_at), scene(policy, zone))
    assert [step.due_at for step in steps] == sorted(step.due_at for step in steps)
    assert len({step.key for step in steps}) == len(steps)


@given(starts_at=instants, policy=policies, zone=zones)
def test_every_reminder_comes_before_what_it_announces(starts_at: datetime, policy: Policy, zone: str) -> None:
    """No reminder is planned at or after the start, and no two at the same instant."""
    due = [step.due_at for step in timeline(_appointment(starts_at), scene(policy, zone)) if step.stage == "reminder"]
    assert all(moment < starts_at for moment in due)
    assert len(set(due)) == len(due)
    assert len(due) <= len(policy.reminders)


@given(starts_at=instants, policy=policies, zone=zones)
def test_each_rule_is_met_by_exactly_one_step_at_its_instant(starts_at: datetime, policy: Policy, zone: str) -> None:
    """The instants are those of a brute-force reading of the policy."""
    due = {step.due_at for step in timeline(_appointment(starts_at), scene(policy, zone)) if step.stage == "reminder"}
    before = {starts_at - delta(rule.before) for rule in policy.reminders if rule.before}
    assert before - {starts_at} <= due


@given(starts_at=instants, policy=policies, zone=zones)
def test_the_same_appointment_has_the_same_future(starts_at: datetime, policy: Policy, zone: str) -> None:
    """Planning twice gives the very same keys and instants."""
    appointment = _appointment(starts_at)
    assert timeline(appointment, scene(policy, zone)) == timeline(appointment, scene(policy, zone))


@given(starts_at=instants, moved=st.integers(1, 10_000), policy=policies, zone=zones)
def test_a_moved_appointment_shares_no_key_with_its_former_self(
    starts_at: datetime, moved: int, policy: Policy, zone: str
) -> None:
    """So a step of the old time can never be mistaken for one of the new."""
    before = timeline(_appointment(starts_at), scene(policy, zone))
    after = timeline(_appointment(starts_at + timedelta(seconds=moved)), scene(policy, zone))
    assert {step.key for step in before}.isdisjoint(step.key for step in after)


def test_the_outcome_is_asked_for_after_the_end_not_after_the_start() -> None:
    """With an end, fifteen minutes after it; without one, after the start."""
    for ends_at in (None, NOW + timedelta(hours=1)):
        changes = {"ends_at": ends_at.isoformat()} if ends_at else {}
        steps = timeline(_appointment(NOW, **changes), scene(DEFAULT))
        asked = [step.due_at for step in steps if step.type == "appointment.outcome_missing"]
        assert asked == [(ends_at or NOW) + timedelta(minutes=15)]


def test_two_rules_that_meet_in_one_instant_remind_once() -> None:
    """PT24H and P1D are the same moment."""
    policy = Policy(reminders=[Reminder(before="PT24H"), Reminder(before="P1D")])
    assert len(timeline(_appointment(NOW), scene(policy))) == 1


def test_the_default_policy_is_the_contract_s() -> None:
    """24 hours and 1 hour before the start, then the outcome."""
    steps = KIND.timeline(_appointment(NOW), scene(KIND.default_policy))
    assert [NOW - step.due_at for step in steps] == [timedelta(hours=24), timedelta(hours=1), -timedelta(minutes=15)]
