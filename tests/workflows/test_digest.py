"""Digests in virtual time: at everybody's own hour, once, with what has waited for them."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from activities.channels.base import Result
from punctual.client import TASK_QUEUE
from punctual.preferences import Preferences
from punctual.protocol import DIGEST, Ref
from store import inbox, ledger, preferences
from tests.eventually import eventually
from tests.store.rows import note
from tests.workflows.conftest import World
from tests.world import user

QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)
SENT = ("sent", None)


class Days:
    """A world whose schedule is the test."""

    def __init__(self, world: World, virtual: WorkflowEnvironment) -> None:
        self.world, self.virtual = world, virtual
        self._runs = 0

    async def choose(self, who: str = "asha", *, zone: str = "UTC", **digest: Any) -> None:
        """Somebody in a zone chooses a digest as by the API, and has something to read."""
        now = await self.virtual.get_current_time()
        await self.world.people(user(who, timezone=zone))
        async with self.world.database.write() as db:
            await preferences.choose(db, self.world.tenant, who, Preferences.model_validate({"digest": digest}), now)
            row = note(f"{who}-{now}", user_id=who, category="leads", step_key=f"{who}-{now}", created_at=now)
            await inbox.add(db, self.world.tenant, [row])

    async def until(self, moment: datetime) -> None:
        left = moment - await self.virtual.get_current_time()
        if left > timedelta(0):
            await self.virtual.sleep(left)

    async def begin(self) -> WorkflowHandle[Any, Any]:
        """One run, as the schedule starts it."""
        self._runs += 1
        return await self.world.client.start_workflow(
            "Digest", id=f"punctual-digests-{self._runs}", task_queue=TASK_QUEUE
        )

    async def run(self) -> None:
        """One whole run, which takes no time."""
        handle = await self.begin()
        with self.virtual.auto_time_skipping_disabled():
            await handle.result()

    async def around(self, moment: datetime) -> None:
        """Runs a quarter of an hour before, then, and a quarter of an hour after."""
        for tick in (moment - QUARTER, moment, moment + QUARTER):
            await self.until(tick)
            await self.run()

    async def made(self, who: str = "asha") -> list[tuple[str, str, datetime]]:
        """Frequency, day and instant of each digest."""
        async with self.world.database.read() as db:
            found = await inbox.page(db, self.world.tenant, who, category="digests")
        return [(n.entity_id, n.step_key, n.created_at.replace(microsecond=0)) for n in reversed(found)]

    def mails(self, who: str = "asha") -> list[tuple[str, str]]:
        """Type and day of each mail that went out."""
        sent = self.world.channels["email"].sent
        return [(m.notification.type, m.notification.step_key) for m in sent if m.user.id == who]

    async def fate(self, frequency: str = "daily") -> list[tuple[str, str | None]]:
        ref = Ref(tenant=self.world.tenant, kind=DIGEST, id=frequency)
        async with self.world.database.read() as db:
            return [(row.outcome, row.reason) for row in await ledger.of_entity(db, ref) if row.channel == "email"]

    async def waited(self) -> list[tuple[str, str | None]]:
        """What came of the mail that asha's task was to be told by."""
        rows = await self.world.deliveries()
        return [(row.outcome, row.reason) for row in rows if row.channel == "email" and row.due_at is not None]


@pytest.fixture
def days(world: World, virtual: WorkflowEnvironment) -> Days:
    return Days(world, virtual)


def at(day: date, wall: str, zone: str = "UTC") -> datetime:
    """When clocks there show a time; the first of two."""
    return datetime.combine(day, time.fromisoformat(wall), ZoneInfo(zone)).astimezone(UTC)


async def test_a_daily_and_a_weekly_one_come_at_each_ones_own_hour(days: Days, now: datetime) -> None:
    """By the clocks of two zones, by mail and in the inbox, and not a second time."""
    monday = now.date() + timedelta(days=8 - now.isoweekday())
    await days.choose("asha", zone="Asia/Kolkata", frequency="daily", at="08:15")
    await days.choose("ben", zone="America/New_York", frequency="weekly", at="17:30", weekday="mon")
    weekly = at(monday, "17:30", "America/New_York")
    await days.until(weekly - 10 * QUARTER)
    await days.run()
    before = await days.made()
    daily = at(monday + DAY, "08:15", "Asia/Kolkata")
    for moment in sorted((weekly, daily)):
        await days.around(moment)
    assert (await days.made())[len(before) :] == [("daily", (monday + DAY).isoformat(), daily)]
    assert await days.made("ben") == [("weekly", monday.isoformat(), weekly)]
    assert days.mails("ben") == [("digest.weekly", monday.isoformat())]
    assert days.mails()[-1] == ("digest.daily", (monday + DAY).isoformat())


@pytest.mark.parametrize(("month", "hours"), [(3, 1), (10, 0)])
async def test_on_both_edges_of_daylight_saving_time_there_is_one(
    month: int, hours: int, days: Days, now: datetime
) -> None:
    """An hour later by the wall where 02:30 is skipped; the first time where it comes twice."""
    year = now.year + 1
    last = date(year, month, 31)
    sunday = last - timedelta(days=last.isoweekday() % 7)
    moment = at(sunday, f"0{2 + hours}:30", "Europe/Berlin")
    await days.until(moment - timedelta(hours=12))
    await days.choose(zone="Europe/Berlin", frequency="daily", at="02:30")
    await days.around(moment)
    await days.around(moment + timedelta(hours=1))
    assert await days.made() == [("daily", sunday.isoformat(), moment)]
    assert len(days.mails()) == 1
    await days.around(at(sunday + DAY, "02:30", "Europe/Berlin"))
    assert [day for _, day, _ in await days.made()] == [sunday.isoformat(), (sunday + DAY).isoformat()]


async def test_of_a_week_that_was_missed_the_last_is_made(days: Days, now: datetime) -> None:
    """However long nobody worked; then all goes on as ever."""
    await days.choose(frequency="daily", at="08:00")
    today = now.date() + 7 * DAY
    await days.until(at(today, "11:00"))
    await days.run()
    await days.run()
    assert [day for _, day, _ in await days.made()] == [today.isoformat()]
    await days.around(at(today + DAY, "08:00"))
    assert [day for _, day, _ in await days.made()] == [today.isoformat(), (today + DAY).isoformat()]
    assert len(days.mails()) == 2


async def test_switched_off_in_between_it_does_not_come(days: Days, now: datetime) -> None:
    """Not even the one that was to come next."""
    await days.choose(frequency="daily", at="08:00")
    await days.choose(frequency="off")
    await days.around(at(now.date() + DAY, "08:00"))
    assert (await days.made(), days.mails()) == ([], [])


async def _soon(days: Days, now: datetime) -> datetime:
    """When asha's digest comes, which she has just chosen."""
    moment = (now + timedelta(hours=6)).replace(minute=0, second=0)
    await days.choose(frequency="daily", at=f"{moment:%H:%M}")
    return moment


async def _changed(days: Days, now: datetime) -> None:
    """A task of asha's is changed, which can wait for her digest, and so does."""
    days.world.kind = "task"
    await days.world.tell(days.world.event("updated", now, due_at=now + 30 * DAY))
    await days.until(now + QUARTER)
    assert await days.waited() == [("deferred", "digest")]
    assert days.mails() == []


@pytest.mark.parametrize(
    ("answers", "email", "fate"),
    [
        ([], "asha@example.com", SENT),
        ([Result("failed", "rejected")], "asha@example.com", ("failed", "rejected")),
        ([], None, ("withheld", "no_address")),
    ],
)
async def test_what_has_waited_ends_as_the_digest_s_mail_does(
    answers: list[Result], email: str | None, fate: tuple[str, str | None], days: Days, now: datetime
) -> None:
    """It is told in the digest, and by no mail of its own."""
    moment = await _soon(days, now)
    await _changed(days, now)
    channel = days.world.channels["email"]
    channel.answers = answers
    channel.reasons = {} if email else {"asha": "no_address"}
    await days.around(moment)
    assert await days.fate() == [fate]
    assert await days.waited() == [fate]
    (digest,) = [n for n in await days.world.inbox() if n.type == "digest.daily"]
    assert "Waiting for this summary:\n- Task" in digest.message
    assert days.mails() == ([("digest.daily", digest.step_key)] if fate == SENT else [])


async def test_what_one_run_cannot_send_the_next_goes_on_with(days: Days, now: datetime) -> None:
    """No run outlives its quarter of an hour; when the mail server is back, one mail goes out."""
    moment = await _soon(days, now)
    channel = days.world.channels["email"]
    channel.answers = [Result("retry")] * 14
    await days.until(moment)
    for _ in range(2):
        assert channel.answers
        handle = await days.begin()
        await days.virtual.sleep(QUARTER + timedelta(minutes=2))
        assert (await handle.describe()).status == WorkflowExecutionStatus.COMPLETED
    assert await days.fate() == [SENT]
    assert len(days.mails()) == 1


async def test_a_run_that_is_ended_by_hand_leaves_no_hole(days: Days, now: datetime) -> None:
    """What it had written and not yet sent, the next run finds."""
    moment = await _soon(days, now)
    days.world.channels["email"].answers = [Result("retry", after=timedelta(minutes=5))]
    await days.until(moment)
    handle = await days.begin()

    async def waits_for_its_second_attempt() -> bool:
        found = (await handle.describe()).raw_description.pending_activities
        return any(each.activity_type.name == "deliver" and each.attempt == 2 for each in found)

    await eventually(waits_for_its_second_attempt)
    await handle.terminate()
    assert (await days.fate(), days.mails()) == ([("planned", None)], [])
    await days.virtual.sleep(QUARTER)
    await days.run()
    assert (await days.fate(), len(days.mails()), len(await days.made())) == ([SENT], 1, 1)
