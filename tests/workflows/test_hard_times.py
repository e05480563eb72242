"""What a hostile reviewer found: outages, giants, and people who come and go."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from activities.channels.base import Result
from store.engine import Database
from tests.eventually import eventually
from tests.world import World, living, user

H = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
BUSY = Result("retry", after=timedelta(seconds=30))


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"inner": value}
    return value


async def test_a_cancellation_that_waits_for_the_store_is_heard_before_the_reminder_it_makes_pointless(
    world: World, virtual: WorkflowEnvironment, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store is down as the reminder falls due; meanwhile the appointment is cancelled; nobody is reminded."""
    await world.tell(world.event("scheduled", now, starts_at=now + 2 * H))
    await virtual.sleep(MINUTE)
    write = world.database.write

    def down() -> Any:
        raise OSError("the store is down")

    monkeypatch.setattr(world.database, "write", down)
    await virtual.sleep(H + MINUTE)
    await world.tell(world.event("cancelled", now + H, starts_at=now + 2 * H))
    await virtual.sleep(MINUTE)
    monkeypatch.setattr(world.database, "write", write)
    await virtual.sleep(MINUTE)
    assert await world.types() == ["appointment.scheduled", "appointment.cancelled"]
    assert world.channels["email"].sent[0].notification.type == "appointment.cancelled"


async def test_an_old_notice_does_not_come_by_mail_after_a_newer_one(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Moved twice while mail was busy: only the last move is mailed, both are in the inbox."""
    await world.tell(world.event("scheduled", now, starts_at=now + 48 * H))
    await virtual.sleep(MINUTE)
    world.channels["email"].answers = [BUSY]
    for minutes, start in ((1, 50), (2, 60)):
        await world.tell(world.event("rescheduled", now + minutes * MINUTE, starts_at=now + start * H))
        await virtual.sleep(timedelta(seconds=5))
    await virtual.sleep(5 * MINUTE)
    assert (await world.types()).count("appointment.rescheduled") == 2
    assert len([m for m in world.channels["email"].sent if m.notification.type == "appointment.rescheduled"]) == 1


async def test_moved_away_and_back_the_reminder_s_mail_is_still_sent(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Its mail was being tried when the appointment moved; back at the old time, it is sent after all."""
    start = now + 3 * H
    await world.tell(world.event("scheduled", now, starts_at=start))
    world.channels["email"].answers = [BUSY]
    await virtual.sleep(2 * H + timedelta(seconds=5))
    for minutes, moved in ((1, start + 24 * H), (2, start)):
        await world.tell(world.event("rescheduled", now + minutes * MINUTE, starts_at=moved))
        await virtual.sleep(timedelta(seconds=2))
    await virtual.sleep(5 * MINUTE)
    sent = [message.notification.type for message in world.channels["email"].sent]
    assert sent.count("appointment.reminder") == 1
    assert (await world.types()).count("appointment.reminder") == 1


async def test_who_is_no_longer_assigned_gets_no_mail_that_is_still_to_be_sent(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Reassigned between two tries, the first one's mail is superseded, and no later event brings it back."""
    await world.people(user("ben"))
    await world.tell(world.event("scheduled", now, starts_at=now + 2 * H, assignee_ids=["asha"]))
    world.channels["email"].answers = [BUSY]
    await virtual.sleep(H + timedelta(seconds=5))
    await world.tell(world.event("updated", now + MINUTE, starts_at=now + 2 * H, assignee_ids=["ben"]))
    await virtual.sleep(timedelta(seconds=2))
    await world.tell(world.event("confirmed", now + 2 * MINUTE, starts_at=now + 2 * H, assignee_ids=["ben"]))
    await virtual.sleep(10 * MINUTE)
    assert [m for m in world.channels["email"].sent if m.user.id == "asha"] == []
    mails = {
        (d.outcome, d.reason) for d in await world.deliveries() if d.channel == "email" and "reminder" in d.step_key
    }
    assert mails == {("superseded", "reassigned")}


async def test_what_an_operator_terminated_is_taken_up_with_the_next_event(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Mail was being tried when the workflow was ended by hand; the next event's run sends it."""
    world.channels["email"].answers = [BUSY]
    handle = await world.tell(world.event("scheduled", now, starts_at=now + 2 * H))
    await virtual.sleep(H + timedelta(seconds=5))
    await handle.terminate()
    await world.tell(world.event("confirmed", now + MINUTE, starts_at=now + 2 * H))
    await virtual.sleep(10 * MINUTE)
    assert [m.notification.type for m in world.channels["email"].sent] == ["appointment.reminder"]


async def test_news_that_comes_with_a_request_for_cancellation_is_not_lost(
    temporal: WorkflowEnvironment, sqlite: Database
) -> None:
    """An operator cancels just as an event arrives: it is told, and mail that was being tried is sent after all."""
    async with living(sqlite, temporal.client) as world:
        await world.remind("PT10M")
        world.channels["email"].answers = [Result("retry", after=timedelta(seconds=2))]
        now = datetime.now().astimezone()
        start = now + 10 * MINUTE + timedelta(seconds=1)
        handle = await world.tell(world.event("scheduled", now, starts_at=start))

        async def told(type_: str) -> bool:
            return f"appointment.{type_}" in await world.types()

        await eventually(lambda: told("reminder"))
        confirmed = world.event("confirmed", now + timedelta(seconds=1), starts_at=start)
        await asyncio.gather(handle.cancel(), world.tell(confirmed))
        await eventually(lambda: told("confirmed"))

        async def mailed() -> bool:
            return [m.notification.type for m in world.channels["email"].sent] == ["appointment.reminder"]

        await eventually(mailed)


async def test_after_the_history_is_gone_an_old_event_wakes_nothing(
    temporal: WorkflowEnvironment, virtual: WorkflowEnvironment, sqlite: Database, now: datetime
) -> None:
    """Ended on one Temporal, repeated on another that never heard of it: the row knows, nobody is told."""
    async with living(sqlite, virtual.client) as world:
        events = [world.event(type_, now, starts_at=now + 48 * H) for type_ in ("scheduled", "cancelled")]
        for event in events:
            handle = await world.tell(event)
        await handle.result()
        before = await world.types()
    async with living(sqlite, temporal.client, tenant=world.tenant) as world:
        for event in events:
            await (await world.tell(event)).result()
        assert await world.types() == before
        assert await world.state() == "closed"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("deep metadata", {"metadata": _nested(196)}),
        ("a NUL in metadata", {"metadata": {"note": "a\0b"}}),
        ("a NUL in a field's name", {"sur\0prise": 1}),
        ("the year 1", {"starts_at": "0001-01-01T00:00:00Z"}),
        ("the year 9999", {"starts_at": "9999-12-31T23:59:59Z"}),
        ("a local year 1", {"starts_at": "0001-01-01T00:00:00", "timezone": "Asia/Kolkata"}),
    ],
)
async def test_a_hostile_event_is_refused_and_the_next_one_works(
    virtual: WorkflowEnvironment, database: Database, now: datetime, name: str, change: dict[str, Any]
) -> None:
    """Signalled past the API, on either database: one refused row, and the entity lives."""
    async with living(database, virtual.client) as world:
        good = world.event("scheduled", now)
        await world.tell({**good, "id": "bad", "data": {**good["data"], **change}})
        await world.tell(good)
        await virtual.sleep(MINUTE)
        assert list((await world.timeline()).values()).count(("failed", "rejected")) == 1, name
        assert await world.types() == ["appointment.scheduled"]


async def test_a_hundred_long_names_do_not_end_the_workflow(temporal: WorkflowEnvironment, sqlite: Database) -> None:
    """More assignees than a search attribute holds are all told; operators see as many as fit."""
    async with living(sqlite, temporal.client) as world:
        names = [f"{number:03}" + "x" * 125 for number in range(100)]
        now = datetime.now().astimezone()
        handle = await world.tell(world.event("scheduled", now, assignee_ids=["asha", *names[1:]]))

        async def told() -> bool:
            return await world.types() == ["appointment.scheduled"]

        await eventually(told)
        assert (await handle.describe()).status == WorkflowExecutionStatus.RUNNING


async def test_more_than_one_request_can_carry_is_planned_in_parts(
    temporal: WorkflowEnvironment, sqlite: Database
) -> None:
    """Three megabytes of events wait for the worker; all of them are planned, and the last one counts."""
    now = datetime.now().astimezone() - H
    world = World(sqlite, temporal.client, tenant="giant")
    await world.people(user("asha"))
    for number in range(14):
        data = {"metadata": {"note": "x" * 220_000}, "title": f"Visit {number}", "starts_at": now + 9 * H}
        await world.tell(world.event("updated", now + number * MINUTE, **data))
    async with living(sqlite, temporal.client, tenant="giant") as world:

        async def planned() -> bool:
            entity = await world.entity()
            return bool(entity and entity.snapshot and entity.snapshot["title"] == "Visit 13")

        await eventually(planned, within=30)
        assert await world.state() == "open"
