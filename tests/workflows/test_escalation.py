"""Escalation in virtual time: who is told when, in working time, and what stops it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from punctual.follow_up import DEFAULT
from punctual.policy import Escalation, Level, Policy
from tests.world import World, user

MINUTE, H = timedelta(minutes=1), timedelta(hours=1)
OVERDUE = "follow_up.overdue"


def chain(*levels: tuple[str, str], **changes: Any) -> Policy:
    """Overdue at once, then these levels, at any hour."""
    escalation = {key: changes.pop(key) for key in ("repeat", "acknowledgement_expires") if key in changes}
    return Policy(
        overdue_after="PT0S",
        escalation=Escalation(levels=[Level(to=to, after=after) for to, after in levels], **escalation),
        **changes,
    )


THREE = chain(("assignees", "PT0S"), ("managers", "PT30M"), ("managers_of_managers", "PT1H"))


@pytest.fixture
async def crm(world: World) -> World:
    """Follow-ups; asha answers to ravi, ravi to lena, and olga is an admin."""
    world.kind = "follow_up"
    await world.people(
        user("asha", manager_id="ravi"), user("ravi", manager_id="lena"), user("lena"), user("olga", roles=["admin"])
    )
    await world.follow(THREE)
    return world


async def told(world: World, people: str = "asha ravi lena olga") -> dict[str, list[str]]:
    """What each was told of the escalation, without the notices of events."""
    about = (OVERDUE, "escalation.acknowledged", "escalation.exhausted")
    return {name: [type_ for type_ in await world.types(name) if type_ in about] for name in people.split()}


async def when(world: World, name: str, type_: str = OVERDUE) -> list[datetime]:
    return [note.created_at for note in await world.inbox(name) if note.type == type_]


async def created(world: World, now: datetime, due: datetime, **data: Any) -> WorkflowHandle[Any, Any]:
    return await world.tell(world.event("created", now, due_at=due, **data))


async def refused(handle: WorkflowHandle[Any, Any], name: str, body: Any) -> str | None:
    with pytest.raises(WorkflowUpdateFailedError) as error:
        await handle.execute_update(name, body)
    assert isinstance(error.value.cause, ApplicationError)
    return error.value.cause.type


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


async def test_a_level_nobody_of_which_can_be_reached_is_passed_at_once_and_shown(
    crm: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """A manager without a usable channel still finds it in the inbox, and the next level does not wait for him."""
    for name in ("web_push", "email"):
        crm.channels[name].reasons = {"ravi": "no_address"}
    await created(crm, now, now + H)
    await virtual.sleep(H + 31 * MINUTE)
    assert await told(crm) == {"asha": [OVERDUE], "ravi": [OVERDUE], "lena": [OVERDUE], "olga": []}
    shown = [value for key, value in (await crm.timeline()).items() if "level-managers" in key and "of" not in key]
    assert shown == [("withheld", "unreachable")]


async def test_a_chain_without_anybody_ends_with_the_admins_at_once(
    crm: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Inactive and unknown people, no managers: nothing is waited for."""
    await crm.people(user("asha", active=False))
    await created(crm, now, now + H)
    await virtual.sleep(H + MINUTE)
    assert (await told(crm))["olga"] == ["escalation.exhausted"]
    assert {d.reason for d in await crm.deliveries() if d.user_id == "asha"} == {"inactive"}


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


async def test_levels_that_meet_in_one_instant_tell_nobody_twice(
    crm: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """A copy of what is overdue, and a first level for the same manager: once, and the row says why."""
    await crm.follow(chain(("managers", "PT0S"), ("managers_of_managers", "PT30M"), copy_managers_on=["overdue"]))
    await created(crm, now, now + H)
    await virtual.sleep(2 * H)
    assert await told(crm, "asha ravi lena") == {"asha": [OVERDUE], "ravi": [OVERDUE], "lena": [OVERDUE]}
    rows = {(d.user_id, d.outcome, d.reason) for d in await crm.deliveries() if d.step_key.endswith("level-managers")}
    assert rows == {("ravi", "superseded", "stale")}


async def test_a_round_that_reached_nobody_is_not_repeated(
    crm: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """The admins hear of it at once, instead of every level again and again."""
    for name in ("web_push", "email"):
        crm.channels[name].reasons = dict.fromkeys(("asha", "ravi", "lena"), "no_address")
    await crm.follow(chain(("assignees", "PT0S"), ("managers", "PT30M"), ("managers_of_managers", "PT1H"), repeat=5))
    await created(crm, now, now + H)
    await virtual.sleep(H + MINUTE)
    assert await told(crm) == {
        "asha": [OVERDUE], "ravi": [OVERDUE], "lena": [OVERDUE], "olga": ["escalation.exhausted"],
    }  # fmt: skip


async def test_where_no_other_channel_is_on_the_inbox_counts(
    crm: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """An installation without push and mail escalates by its waits all the same."""
    for name in ("web_push", "email"):
        crm.channels[name].reasons = dict.fromkeys(("asha", "ravi", "lena"), "channel_off")
    await created(crm, now, now + H)
    await virtual.sleep(H + 29 * MINUTE)
    assert await told(crm, "asha ravi") == {"asha": [OVERDUE], "ravi": []}
    await virtual.sleep(2 * MINUTE)
    assert await told(crm, "asha ravi") == {"asha": [OVERDUE], "ravi": [OVERDUE]}


async def test_who_has_left_has_no_say(crm: World, virtual: WorkflowEnvironment, now: datetime) -> None:
    """Somebody inactive cannot take what is overdue."""
    handle = await created(crm, now, now + H)
    await virtual.sleep(H + MINUTE)
    await crm.people(user("asha", manager_id="ravi", active=False))
    assert await refused(handle, "acknowledge", {"user_id": "asha"}) == "not_yours"


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
