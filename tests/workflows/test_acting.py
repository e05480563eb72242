"""Snooze, reminders by hand, and acts that make no sense, in virtual time."""

from datetime import UTC, datetime, timedelta

from temporalio.testing import WorkflowEnvironment

from punctual.follow_up import DEFAULT
from tests.workflows.escalating import MINUTE, OVERDUE, H, created, refused, told
from tests.world import World, user


async def test_snoozed_nothing_is_told_before_its_end(
    crm: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Overdue and levels wait, and are shown as deferred."""
    handle = await created(crm, now, now + H)
    await virtual.sleep(10 * MINUTE)
    until = now + 5 * H
    answer = await handle.execute_update("snooze", {"user_id": "asha", "until": until.isoformat()})
    assert datetime.fromisoformat(answer["next_step_at"]) == until
    assert ("deferred", "snoozed") in (await crm.timeline()).values()
    await virtual.sleep(until - MINUTE - await virtual.get_current_time())
    assert await told(crm, "asha ravi") == {"asha": [], "ravi": []}
    await virtual.sleep(2 * MINUTE)
    assert await told(crm, "asha ravi") == {"asha": [OVERDUE], "ravi": []}
    await virtual.sleep(30 * MINUTE)
    assert (await told(crm))["ravi"] == [OVERDUE]


async def test_snoozed_to_the_next_working_morning(crm: World, virtual: WorkflowEnvironment, now: datetime) -> None:
    """By the calendar of the policy and the zone of the entity."""
    await crm.follow(DEFAULT)
    saturday = (now + timedelta(days=(5 - now.weekday()) % 7 + 7)).replace(hour=12, minute=0, second=0)
    handle = await created(crm, now, saturday + timedelta(days=20), timezone="Asia/Kolkata")
    await virtual.sleep(saturday - now)
    answer = await handle.execute_update("snooze", {"user_id": "asha", "until": "next_working_morning"})
    monday = (saturday + timedelta(days=2)).replace(hour=3, minute=30, tzinfo=UTC)
    entity = await crm.entity()
    assert entity is not None
    assert entity.care.snoozed_until == monday
    assert answer["state"] == "open"


async def test_acts_that_make_no_sense_are_refused_with_the_reason(
    crm: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Not yours, nothing to acknowledge, a time that has passed, nonsense."""
    handle = await created(crm, now, now + H)
    assert await refused(handle, "acknowledge", {"user_id": "asha"}) == "nothing_to_acknowledge"
    assert await refused(handle, "acknowledge", {"user_id": "olga"}) == "not_yours"
    assert await refused(handle, "snooze", {"user_id": "asha", "until": now.isoformat()}) == "invalid"
    assert await refused(handle, "snooze", "nonsense") == "invalid"
    await virtual.sleep(H + MINUTE)
    await handle.execute_update("acknowledge", {"user_id": "asha"})
    again = await handle.execute_update("acknowledge", {"user_id": "asha"})
    assert again["acknowledged_by"] == "asha"
    assert await refused(handle, "acknowledge", {"user_id": "ravi"}) == "nothing_to_acknowledge"
    assert (await told(crm, "asha"))["asha"] == [OVERDUE]


async def test_reminded_now_those_responsible_hear_at_once(
    crm: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """A reminder before its time, and what is overdue after it."""
    handle = await created(crm, now, now + H)
    await handle.execute_update("remind_now", {"user_id": "ravi"})
    await virtual.sleep(MINUTE)
    assert "follow_up.reminder" in await crm.types()
    await virtual.sleep(H)
    await handle.execute_update("remind_now", {"user_id": "ravi"})
    await virtual.sleep(MINUTE)
    assert (await told(crm, "asha"))["asha"] == [OVERDUE, OVERDUE]


async def test_completed_ends_the_chain(crm: World, virtual: WorkflowEnvironment, now: datetime) -> None:
    """What has ended alarms nobody, and acting on it finds no workflow or is refused."""
    await created(crm, now, now + H)
    await virtual.sleep(H + 10 * MINUTE)
    handle = await crm.tell(crm.event("completed", await virtual.get_current_time(), due_at=now + H))
    await handle.result()
    assert (await told(crm, "ravi"))["ravi"] == []
    assert {value for key, value in (await crm.timeline()).items() if "level" in key} == {("superseded", "closed")}


async def test_who_has_left_has_no_say(crm: World, virtual: WorkflowEnvironment, now: datetime) -> None:
    """Somebody inactive cannot take what is overdue."""
    handle = await created(crm, now, now + H)
    await virtual.sleep(H + MINUTE)
    await crm.people(user("asha", manager_id="ravi", active=False))
    assert await refused(handle, "acknowledge", {"user_id": "asha"}) == "not_yours"
