"""Whole random lives of every kind: events in any order, reassignments, acknowledgements, snoozes, outages, DST.

`HYPOTHESIS_PROFILE=long` runs thousands of them.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual import events
from punctual.events import Event
from punctual.kind import Kind
from punctual.policy import OFFICE_HOURS, Escalation, Level, Policy, Reminder
from punctual.registry import ENTITIES
from tests.core.life import Life

KINDS = sorted(ENTITIES)
MINUTE, H = timedelta(minutes=1), timedelta(hours=1)
# A week before the clocks change in Berlin, in autumn and in spring, and a plain day.
STARTS = [
    datetime(2026, 10, 19, 8, tzinfo=UTC),
    datetime(2027, 3, 22, 8, tzinfo=UTC),
    datetime(2026, 6, 3, 15, tzinfo=UTC),
]
WAITS = ["PT0S", "PT30M", "PT4H", "P1D"]
Given = tuple[Life, list[tuple[str, Any]]]
AUDIENCES = ["assignees", "managers", "managers_of_managers", "role:admin", "team:north"]
ALARMS = ("overdue", "escalation", "exhausted")

levels = st.lists(
    st.builds(lambda to, after: Level(to=to, after=after), st.sampled_from(AUDIENCES), st.sampled_from(WAITS)),
    max_size=4,
)  # fmt: skip
policies = st.builds(
    lambda found, repeat, expires, overdue, hours: Policy(
        reminders=[Reminder(before="PT24H"), Reminder(before="PT1H"), Reminder(day_before_at="09:00")],
        overdue_after=overdue,
        escalation=Escalation(levels=found, repeat=repeat if found else 0, acknowledgement_expires=expires),
        calendar=OFFICE_HOURS if hours else None,
        late_cutoff="PT2H",
        first_response={"high": "PT1H"},
        resolution={"high": "PT8H"},
    ),
    levels, st.integers(0, 2), st.sampled_from([None, None, "PT2H"]), st.sampled_from(["PT0S", "PT15M"]),
    st.booleans(),
)  # fmt: skip


def snapshot(kind: Kind[Any], start: datetime, hours: int, people: list[str], extra: int) -> dict[str, Any]:
    due = (start + hours * H).isoformat()
    common = {"id": "42", "assignee_ids": people}
    if kind.name == "ticket":
        message = {"message": {"id": f"m{extra}", "author_id": "ben", "text": "Hello"}} if extra % 2 else {}
        status = "waiting" if extra % 5 == 4 else "open"
        return {
            **common,
            "subject": "Dark",
            "priority": "high",
            "opened_at": start.isoformat(),
            "status": status,
            **message,
        }
    if kind.name == "appointment":
        return {**common, "title": "Visit", "customer_name": "Meera", "starts_at": due}
    return {**common, "title": "Call", "due_at": due}


@st.composite
def heard(draw: st.DrawFn, kind: Kind[Any], start: datetime) -> list[Event]:
    """Events of one entity, in an order in which nobody sent them, some of them twice."""
    found = []
    for number in range(draw(st.integers(1, 7))):
        at = start - timedelta(minutes=draw(st.integers(0, 6)))
        people = draw(st.sampled_from([["asha"], ["ben"], ["asha", "ben"]]))
        data = snapshot(kind, start, draw(st.integers(-3, 150)), people, number)
        type_ = draw(st.sampled_from(sorted(kind.events)))
        body = {"id": f"e{number}", "type": type_, "time": at.isoformat(), "data": data}
        found.append(events.parse(body, now=start))
    return draw(st.permutations([*found, *found[:2]]))


@st.composite
def lives(draw: st.DrawFn) -> tuple[Life, list[tuple[str, Any]]]:
    """A life about to begin, and what happens in it."""
    kind = ENTITIES[draw(st.sampled_from(KINDS))]
    start = draw(st.sampled_from(STARTS))
    unreachable = draw(st.frozensets(st.sampled_from(AUDIENCES), max_size=3))
    life = Life(kind, draw(policies), start, unreachable)
    happenings: list[tuple[str, Any]] = [("hear", event) for event in draw(heard(kind, start))]
    more = st.one_of(
        st.tuples(st.just("sleep"), st.sampled_from([MINUTE, 31 * MINUTE, 5 * H, 26 * H, 100 * H])),
        st.tuples(st.just("outage"), st.sampled_from([MINUTE, 3 * H, 30 * H])),
        st.tuples(st.just("acknowledge"), st.sampled_from(["asha", "ben", "ravi"])),
        st.tuples(st.just("snooze"), st.sampled_from([H, 20 * H, "next_working_morning"])),
        st.tuples(st.just("remind_now"), st.just("ravi")),
    )
    for happening in draw(st.lists(more, max_size=10)):
        happenings.insert(draw(st.integers(1, len(happenings))), happening)
    return life, happenings


def live(life: Life, happenings: list[tuple[str, Any]]) -> None:
    """Lets it all happen, and checks after each what must always hold."""
    for what, detail in happenings:
        if what == "hear":
            life.hear(detail)
        elif what == "sleep":
            life.sleep(detail)
        elif what == "outage":
            life.outage(detail)
            life.sleep(timedelta(0))
        else:
            until = life.now + detail if isinstance(detail, timedelta) else detail
            life.do(what, detail if what != "snooze" else "asha", until if what == "snooze" else None)
        life.sleep(timedelta(0))
        life.check()


@given(lives())
def test_nothing_is_told_twice_or_early_and_everything_has_an_outcome(
    given: tuple[Life, list[tuple[str, Any]]],
) -> None:
    """After every happening, and when all is over: no step of the past is without an outcome and its reason."""
    life, happenings = given
    live(life, happenings)
    life.sleep(timedelta(days=400))
    life.check()
    assert [step for step in life.steps if step.due_at <= life.now] == []


@given(lives())
def test_nothing_is_told_after_the_end(given: tuple[Life, list[tuple[str, Any]]]) -> None:
    """Once it has ended, only events are still told: those that closed it, messages and callbacks."""
    life, happenings = given
    live(life, happenings)
    if life.record.is_closed:
        before = len(life.told)
        life.sleep(timedelta(days=400))
        assert {step.stage for _, step in life.told[before:]} <= {"notice"}
        assert life.stage == "closed"


@given(lives(), st.sampled_from([timedelta(0), MINUTE, 40 * MINUTE, 9 * H]))
def test_nothing_of_a_chain_is_told_after_it_was_acknowledged(
    given: tuple[Life, list[tuple[str, Any]]], wait: timedelta
) -> None:
    """Unless the acknowledgement expires, or another deadline passes later: then that one's chain is a new alarm."""
    life, happenings = given
    live(life, happenings)
    life.sleep(wait)
    if life.do("acknowledge", "asha").refusal is not None or life.stage != "acknowledged":
        return
    begun = {key for key, entry in life.entries.items() if entry.step.stage == "overdue" and entry.is_fired}
    before, at = len(life.told), life.now
    life.sleep(timedelta(days=400))
    later = [(when, step) for when, step in life.told[before:] if step.stage in ALARMS]
    if life.policy.escalation.acknowledgement_expires is None:
        assert not [step for _, step in later if any(step.key.startswith(key) for key in begun)]
    else:
        assert all(when >= at + 2 * H for when, step in later if any(step.key.startswith(key) for key in begun))


@given(lives())
def test_the_stage_kept_while_telling_is_what_planning_anew_finds(given: tuple[Life, list[tuple[str, Any]]]) -> None:
    """What `compose` writes and what `plan` works out never disagree, and planning anew moves nothing.

    That an acknowledgement has expired shows with the next level that is told, or when somebody asks.
    """
    life, happenings = given
    live(life, happenings)
    kept, steps = life.stage, life.steps
    life.hear()
    assert life.steps == steps
    expired = [item for item in life.care.acknowledgements if item.expires_at and item.expires_at <= life.now]
    assert life.stage == kept or (kept == "acknowledged" and expired)


@given(lives())
def test_levels_come_in_the_order_of_the_policy(given: Given) -> None:
    """Of each chain and each round of it, audiences are told as the policy lists them, none twice for one place."""
    life, happenings = given
    live(life, happenings)
    life.sleep(timedelta(days=400))
    found: dict[str, list[str]] = {}
    for _, step in life.told:
        if step.stage == "escalation":
            chain = re.sub("-level-.*?(-again-.*)?$", r"\1", step.key)
            found.setdefault(chain, []).append(step.to or "")
    audiences = [level.to for level in life.policy.escalation.levels] * (life.policy.escalation.repeat + 1)
    for told in found.values():
        rest = iter(audiences)
        assert all(each in rest for each in told), (told, audiences)


@pytest.mark.parametrize("second", [-1, 0, 1])
def test_an_acknowledgement_and_the_timer_meet_in_one_order(second: int) -> None:
    """A second before the next level it stops it; a second after, the level was told and no more."""
    kind = ENTITIES["follow_up"]
    chain = Escalation(levels=[Level(to="assignees", after="PT0S"), Level(to="managers", after="PT30M")])
    life = Life(kind, Policy(overdue_after="PT0S", escalation=chain), STARTS[2])
    data = snapshot(kind, life.now, 1, ["asha"], 0)
    life.hear(
        events.parse(
            {"id": "e", "type": "follow_up.created", "time": life.now.isoformat(), "data": data}, now=life.now
        )
    )
    life.sleep(H + timedelta(minutes=30, seconds=second))
    life.do("acknowledge", "asha")
    life.sleep(timedelta(days=30))
    assert len([step for _, step in life.told if step.stage == "escalation"]) == (0 if second < 0 else 1)
    assert life.stage == "acknowledged"
