"""Escalation in virtual time: who is told when, in working time, and what stops it."""

from datetime import datetime, timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from punctual.follow_up import DEFAULT
from tests.workflows.escalating import MINUTE, OVERDUE, H, chain, created, told, when
from tests.world import World, user


async def test_level_after_level_is_told_until_the_admins_hear_that_nobody_took_it(
    crm: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Each level waits its time, everybody is told once, and the stage follows."""
    due = now + H
    await created(crm, now, due)
    await virtual.sleep(H + MINUTE)
    assert await crm.state() == "overdue"
    await virtual.sleep(H / 2)
    assert await crm.state() == "escalated"
    await virtual.sleep(3 * H)
    assert await told(crm) == {
        "asha": [OVERDUE], "ravi": [OVERDUE], "lena": [OVERDUE], "olga": ["escalation.exhausted"],
    }  # fmt: skip
    instants = [(await when(crm, name))[0] for name in ("asha", "ravi", "lena")]
    instants += await when(crm, "olga", "escalation.exhausted")
    for wanted, got in zip([due, due + H / 2, due + 3 * H / 2, due + 5 * H / 2], instants, strict=True):
        assert timedelta(0) <= got - wanted < timedelta(seconds=2)


async def test_a_follow_up_overdue_on_friday_evening_escalates_on_monday_morning(
    crm: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Ten minutes of the half hour pass on Friday, twenty on Monday; nobody is told at the weekend."""
    await crm.follow(DEFAULT.model_copy(update={"copy_managers_on": []}))
    friday = now + timedelta(days=(4 - now.weekday()) % 7 + 7)
    friday = friday.replace(hour=17, minute=35, second=0)
    monday = friday + timedelta(days=3)
    await created(crm, now, friday, timezone="UTC")
    await virtual.sleep(monday.replace(hour=12) - now)
    assert await when(crm, "asha") == [pytest.approx(friday + 15 * MINUTE, abs=timedelta(seconds=2))]
    assert await when(crm, "ravi") == [pytest.approx(monday.replace(hour=9, minute=20), abs=timedelta(seconds=2))]
    assert await when(crm, "lena") == []


@pytest.mark.parametrize("minutes", [5, 29.98, 60])
async def test_an_acknowledgement_at_any_point_stops_it(
    crm: World, virtual: WorkflowEnvironment, now: datetime, minutes: float
) -> None:
    """Also a second before the next level; the chain so far learns who took it, except who did."""
    due = now + H
    handle = await created(crm, now, due)
    await virtual.sleep(due + timedelta(minutes=minutes) - await virtual.get_current_time())
    answer = await handle.execute_update("acknowledge", {"user_id": "asha"})
    assert (answer["state"], answer["acknowledged_by"]) == ("acknowledged", "asha")
    await virtual.sleep(100 * H)
    informed = ["escalation.acknowledged"]
    assert await told(crm) == {
        "asha": [OVERDUE],
        "ravi": [OVERDUE, *informed] if minutes > 30 else [],
        "lena": [],
        "olga": [],
    }
    assert await crm.state() == "acknowledged"
    open_ones = {value for key, value in (await crm.timeline()).items() if "level" in key or "exhausted" in key}
    assert open_ones - {("sent", None)} == {("withheld", "acknowledged")}
    marked = {note.acknowledged_at is not None for note in await crm.inbox("asha") if note.type == OVERDUE}
    assert marked == {True}


async def test_an_expired_acknowledgement_lets_the_chain_begin_anew(
    crm: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Whoever took it and did not end it is told again, then the levels above."""
    await crm.follow(chain(("assignees", "PT0S"), ("managers", "PT30M"), acknowledgement_expires="PT2H"))
    handle = await created(crm, now, now + H)
    await virtual.sleep(H + MINUTE)
    await handle.execute_update("acknowledge", {"user_id": "asha"})
    await virtual.sleep(2 * H - 2 * MINUTE)
    assert await told(crm, "asha ravi") == {"asha": [OVERDUE], "ravi": []}
    await virtual.sleep(3 * MINUTE)
    assert await crm.state() == "overdue"
    await virtual.sleep(H / 2)
    assert await told(crm, "asha ravi") == {"asha": [OVERDUE, OVERDUE], "ravi": [OVERDUE]}
    assert await crm.state() == "escalated"
    await handle.execute_update("acknowledge", {"user_id": "ravi"})
    assert await crm.state() == "acknowledged"


async def test_a_chain_is_repeated_as_often_as_the_policy_says(
    crm: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Two rounds, then the admins."""
    await crm.follow(chain(("assignees", "PT5M"), ("managers", "PT10M"), repeat=1))
    await created(crm, now, now + H)
    await virtual.sleep(5 * H)
    overdue = now + H
    assert [moment - overdue < timedelta(seconds=2) for moment in (await when(crm, "asha"))[:1]] == [True]
    got = {name: await when(crm, name) for name in ("asha", "ravi")}
    minutes = {name: [round((at - overdue) / MINUTE) for at in moments] for name, moments in got.items()}
    assert minutes == {"asha": [0, 5, 20], "ravi": [15, 30]}
    assert [round((at - overdue) / MINUTE) for at in await when(crm, "olga", "escalation.exhausted")] == [40]


async def test_reassigning_restarts_the_level_s_clock_and_tells_both(
    crm: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """The new owner gets the whole wait; the old one learns that it is no longer theirs."""
    await crm.people(user("ben", manager_id="ravi"))
    await created(crm, now, now + H)
    await virtual.sleep(H + 20 * MINUTE)
    at = await virtual.get_current_time()
    await crm.tell(crm.event("reassigned", at, due_at=now + H, assignee_ids=["ben"]))
    await virtual.sleep(25 * MINUTE)
    assert await when(crm, "ravi") == []
    await virtual.sleep(6 * MINUTE)
    assert len(await when(crm, "ravi")) == 1
    assert "follow_up.reassigned" in await crm.types("asha")
    assert "follow_up.reassigned" in await crm.types("ben")


async def test_an_acknowledgement_falls_with_the_assignment_of_who_gave_it(
    crm: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Nobody has it in hand any more, so it escalates."""
    handle = await created(crm, now, now + H)
    await virtual.sleep(H + MINUTE)
    await handle.execute_update("acknowledge", {"user_id": "asha"})
    at = await virtual.get_current_time()
    await crm.people(user("ben", manager_id="ravi"))
    await crm.tell(crm.event("reassigned", at, due_at=now + H, assignee_ids=["ben"]))
    await virtual.sleep(40 * MINUTE)
    assert (await told(crm))["ravi"] == [OVERDUE]


@pytest.mark.parametrize("due", ["1970-01-01T00:00:00Z", "2199-12-31T23:50:00Z"])
async def test_a_time_at_the_end_of_the_calendar_wedges_nothing(
    crm: World, virtual: WorkflowEnvironment, now: datetime, due: str
) -> None:
    """What a CRM sends for "no date" is planned like any other."""
    await crm.follow(DEFAULT)
    handle = await crm.tell(crm.event("created", now, due_at=due))
    await crm.tell(crm.event("completed", now + MINUTE, due_at=due))
    await handle.result()
    assert await crm.state() == "closed"
