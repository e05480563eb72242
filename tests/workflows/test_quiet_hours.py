"""Quiet hours hold back what buzzes, and let it go when they end, in virtual time."""

import hashlib
import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update
from temporalio.testing import WorkflowEnvironment

from punctual.client import TASK_QUEUE, look
from punctual.policy import Escalation, Level, Policy
from punctual.quiet_hours import QuietHours, quiet_until
from store import inbox, ledger, waiting
from store.tables import notifications
from tests.eventually import eventually
from tests.world import World, user

H = timedelta(hours=1)
DAY = timedelta(days=1)
SLOW = ("email", "web_push")


async def _at(virtual: WorkflowEnvironment, wanted: datetime) -> datetime:
    """Sleeps until an instant; the virtual time then, on a whole second."""
    now = await virtual.get_current_time()
    await virtual.sleep(wanted - now)
    return wanted.astimezone(UTC)


async def _evening(virtual: WorkflowEnvironment, hour: int = 23) -> datetime:
    """The next time it is so late in UTC."""
    now = await virtual.get_current_time()
    return await _at(virtual, datetime.combine(now.date() + DAY, time(hour), UTC))


async def _tell(world: World, type_: str, now: datetime, id_: str, **data: datetime) -> None:
    event = world.event(type_, now, **data)
    event["data"]["id"] = id_
    await world.tell(event)


async def _reminded(world: World, now: datetime, *ids: str, in_: timedelta = 12 * H) -> None:
    """Appointments of which asha is reminded a minute from now."""
    await world.remind(f"PT{int(in_.total_seconds()) - 60}S")
    for id_ in ids:
        await _tell(world, "scheduled", now, id_, starts_at=now + in_)


async def _hears(world: World, *channels: str) -> None:
    """Waits until something has gone out by each channel."""

    async def heard() -> bool:
        return all(_sent(world, name) for name in channels)

    await eventually(heard)


def _sent(world: World, channel: str = "email") -> list[str]:
    return [message.notification.title for message in world.channels[channel].sent]


async def _fates(world: World, id_: str = "42") -> dict[str, tuple[str, str | None]]:
    """What became of the reminder's slow deliveries."""
    rows = [row for row in await world.deliveries(id_) if row.step_key.startswith("reminder")]
    return {row.channel: (row.outcome, row.reason) for row in rows if row.channel in SLOW}


async def test_one_thing_held_back_is_sent_as_it_is_when_the_quiet_ends(
    world: World, virtual: WorkflowEnvironment
) -> None:
    """The inbox has it at once; push and mail keep silent in the window and speak once after it."""
    await world.choose(quiet_hours={"enabled": True})
    now = await _evening(virtual)
    await _reminded(world, now, "42")
    await virtual.sleep(H)
    assert await world.types() == ["appointment.scheduled", "appointment.reminder"]
    assert [_sent(world, name) for name in SLOW] == [[], []]
    assert await _fates(world) == dict.fromkeys(SLOW, ("deferred", "quiet_hours"))
    await virtual.sleep(7 * H - timedelta(seconds=90))
    assert _sent(world) == []
    await virtual.sleep(timedelta(minutes=3))
    await _hears(world, *SLOW)
    reminder = (await world.inbox())[-1]
    assert [message.notification.id for name in SLOW for message in world.channels[name].sent] == [reminder.id] * 2
    assert await _fates(world) == dict.fromkeys(SLOW, ("sent", None))
    await virtual.sleep(2 * DAY)
    assert len(_sent(world)) == 1


async def test_several_are_one_summary(world: World, virtual: WorkflowEnvironment) -> None:
    """Each channel says one thing that names them all, and every one of them ends as the summary does."""
    await world.choose(quiet_hours={"enabled": True})
    now = await _evening(virtual)
    await _reminded(world, now, "1", "2", "3")
    await virtual.sleep(9 * H)
    await _hears(world, *SLOW)
    for name in SLOW:
        (message,) = world.channels[name].sent
        assert message.notification.title == "3 notifications from your quiet hours"
        assert message.notification.message.count("Visit") == 3
        assert message.notification.priority == "high"
    assert [await _fates(world, id_) for id_ in "123"] == [dict.fromkeys(SLOW, ("sent", None))] * 3
    assert "quiet_hours.summary" not in await world.types()


async def test_what_is_pointless_by_then_is_not_sent(world: World, virtual: WorkflowEnvironment) -> None:
    """Cancelled, begun, or read in the inbox: each row says why."""
    await world.choose(quiet_hours={"enabled": True})
    now = await _evening(virtual)
    await _reminded(world, now, "cancelled", "read")
    await virtual.sleep(H / 2)
    await _tell(world, "cancelled", now + H / 2, "cancelled", starts_at=now + 12 * H)
    read = next(note for note in await world.inbox() if note.entity_id == "read" and "reminder" in note.type)
    async with world.database.write() as db:
        await db.execute(update(notifications).where(notifications.c.id == read.id).values(read_at=now))
    await _reminded(world, now + H / 2, "begun", in_=3 * H)
    await virtual.sleep(10 * H)
    assert (await _fates(world, "cancelled"))["email"] == ("superseded", "cancelled")
    assert (await _fates(world, "read"))["email"] == ("superseded", "stale")
    assert (await _fates(world, "begun"))["email"] == ("expired", "expired")
    assert [title for title in _sent(world) if "cancel" not in title.lower()] == []


@pytest.mark.parametrize("let_through", [True, False])
async def test_urgent_passes_unless_the_user_said_no(
    world: World, virtual: WorkflowEnvironment, let_through: bool
) -> None:
    """An overdue follow-up wakes who wants to be woken, and waits for the morning for who does not."""
    world.kind = "follow_up"
    await world.follow(Policy(reminders=[], overdue_after="PT0S"))
    await world.choose(quiet_hours={"enabled": True, "let_urgent_through": let_through})
    now = await _evening(virtual)
    await world.tell(world.event("created", now, due_at=now + H))
    await virtual.sleep(2 * H)
    assert len(_sent(world)) == let_through
    await virtual.sleep(8 * H)
    await _hears(world, "email")
    assert len(_sent(world)) == 1


async def test_the_wait_for_the_next_level_begins_when_the_quiet_ends(
    world: World, virtual: WorkflowEnvironment
) -> None:
    """The manager is not told in the night of what its owner could not hear."""
    world.kind = "follow_up"
    levels = [Level(to="assignees", after="PT0S"), Level(to="managers", after="PT30M")]
    await world.follow(Policy(reminders=[], overdue_after="PT0S", escalation=Escalation(levels=levels)))
    await world.choose(quiet_hours={"enabled": True, "let_urgent_through": False})
    now = await _evening(virtual)
    await world.tell(world.event("created", now, due_at=now + H))
    await virtual.sleep(8 * H + timedelta(minutes=25))
    assert await world.types("ravi") == []
    await virtual.sleep(timedelta(minutes=10))
    assert await world.types("ravi") == ["follow_up.overdue"]


async def test_choosing_anew_ends_the_wait(world: World, virtual: WorkflowEnvironment) -> None:
    """Who switches quiet hours off gets what waited at once; who mutes mail meanwhile does not."""
    await world.choose(quiet_hours={"enabled": True})
    now = await _evening(virtual)
    await _reminded(world, now, "42")
    await virtual.sleep(H)
    await world.choose(channels={"email": False})
    async with world.database.write() as db:
        assert await waiting.look_again(db, world.tenant, "asha", now + H, digests=False)
    await look(world.client, world.tenant, "asha", now + H)
    await _hears(world, "web_push")
    assert await _fates(world) == {"email": ("withheld", "preference"), "web_push": ("sent", None)}


@pytest.mark.parametrize(
    ("day", "quiet", "during", "ends"),
    [
        # Clocks jump from 02:00 to 03:00; 02:30 is read as 03:30.
        ("2027-03-28", ("22:00", "02:30"), "01:50", "01:30"),
        ("2027-03-28", ("22:00", "07:00"), "03:10", "05:00"),
        # 02:00 to 03:00 comes twice; all of what reads as quiet is.
        ("2027-10-31", ("22:00", "02:30"), "01:50", "01:30"),
        ("2027-10-31", ("22:00", "07:00"), "03:10", "06:00"),
    ],
)  # fmt: skip
async def test_the_window_follows_the_clock_across_daylight_saving_time(
    world: World, virtual: WorkflowEnvironment, day: str, quiet: tuple[str, str], during: str, ends: str
) -> None:
    """On both edges nothing is sent before the clock shows the end (`ends`, in UTC), and once after it."""
    berlin = ZoneInfo("Europe/Berlin")
    await world.people(user("asha", timezone="Europe/Berlin", manager_id="ravi"))
    await world.choose(quiet_hours={"enabled": True, "start": quiet[0], "end": quiet[1]})
    now = await _at(virtual, datetime.fromisoformat(f"{day}T{during}").replace(tzinfo=berlin))
    end = datetime.fromisoformat(f"{day}T{ends}Z")
    await _reminded(world, now, "42")
    await _at(virtual, end - timedelta(seconds=20))
    assert [row.due_at for row in await world.deliveries() if row.outcome == "deferred"] == [end, end]
    assert _sent(world) == []
    await _at(virtual, end + timedelta(seconds=20))
    await _hears(world, "email")
    assert len(_sent(world)) == 1


@pytest.mark.parametrize("seed", ["spring", "autumn"])
async def test_nothing_buzzes_in_the_window_and_everything_is_told_once_after_it(
    world: World, virtual: WorkflowEnvironment, seed: str
) -> None:
    """Days of random notifications around a change of clocks: what was sent in the quiet is urgent, and each thing
    went out once by each channel, by itself or in a summary."""
    chance, berlin = random.Random(seed), ZoneInfo("Europe/Berlin")
    await world.people(user("asha", timezone="Europe/Berlin"))
    await world.choose(quiet_hours={"enabled": True})
    start = datetime(2027, *((3, 26) if seed == "spring" else (10, 29)), 18, tzinfo=berlin).astimezone(UTC)
    singles = replace(world, kind="notification")
    for number, minutes in enumerate(sorted(chance.sample(range(60 * 72), 40))):
        now = await _at(virtual, start + timedelta(minutes=minutes))
        priority = chance.choice(["high", "urgent", "normal"])
        await _custom(singles, f"e{number}", f"{priority} {number}", priority)
    await _at(virtual, now + DAY)
    async with world.database.read() as db:
        rows = [row for row in await ledger.of_user(db, world.tenant, "asha") if row.channel in SLOW]
        notes = {row.notification_id: await inbox.note(db, world.tenant, row.notification_id or "") for row in rows}
    assert {row.outcome for row in rows} == {"sent", "withheld"}
    awake = QuietHours(enabled=True)
    for row in rows:
        note = notes[row.notification_id]
        assert note is not None
        if row.outcome == "sent" and quiet_until(awake, "Europe/Berlin", row.at):
            assert note.priority == "urgent"
        assert (row.outcome == "withheld") == (note.priority == "normal")
    for name in SLOW:
        told = Counter(
            line.removeprefix("- ")
            for message in world.channels[name].sent
            for line in (
                message.notification.message.splitlines()
                if message.notification.type == "quiet_hours.summary"
                else [message.notification.title]
            )
        )
        assert told == Counter(
            note.title for note in notes.values() if note and note.type == "custom" and note.priority != "normal"
        )


async def _custom(world: World, id_: str, title: str, priority: str) -> None:
    digest = hashlib.sha256(f"crm\0{id_}".encode()).hexdigest()[:32]
    data = {"title": title, "message": title, "priority": priority, "recipients": {"user_ids": ["asha"]}}
    await world.client.start_workflow(
        "Notification", None, id=world.ref(digest).workflow_id, task_queue=TASK_QUEUE,
        start_signal="event", start_signal_args=[{"id": id_, "type": "custom", "data": data}],
    )  # fmt: skip
