"""`deliver`: each recipient's mail is sent by one attempt, whatever happens to the others."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import delete
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.testing import ActivityEnvironment

from activities.channels.base import SENT, Message, Result
from activities.deliver import LEASE
from punctual.protocol import DeliverRequest
from store import directory, ledger
from store.engine import Database
from store.tables import users
from tests.activities.conftest import HOUR, REF, REMINDER, START, Office
from tests.world import Recorder, user


class Slow(Recorder):
    """A provider that answers when it is told to."""

    def __init__(self) -> None:
        super().__init__("email")
        self.asked = asyncio.Semaphore(0)
        self.may_answer = asyncio.Event()

    async def send(self, message: Message) -> Result:
        self.sent.append(message)
        self.asked.release()
        await self.may_answer.wait()
        return SENT


async def test_two_attempts_at_once_send_once(reminded: Office) -> None:
    """While one attempt asks the provider, another sends nothing and is told to come back when the lease is over."""
    slow = reminded.channels["email"] = Slow()
    first = asyncio.create_task(reminded.deliver())
    for _ in ("asha", "ben"):
        await slow.asked.acquire()
    with pytest.raises(ApplicationError) as busy:
        await reminded.deliver()
    assert busy.value.type == "Retry"
    assert timedelta(0) < busy.value.next_retry_delay <= LEASE  # type: ignore[operator]
    slow.may_answer.set()
    assert (await first).outcomes == {"sent": 2}
    assert (await reminded.deliver()).outcomes == {}
    assert sorted(message.user.id for message in slow.sent) == ["asha", "ben"]
    assert await reminded.fates() == {"asha": ("sent", None), "ben": ("sent", None)}


async def test_who_waits_for_a_turn_has_no_lease_yet(reminded: Office) -> None:
    """However long a provider takes for those before: a lease begins when the provider is asked."""
    slow = reminded.channels["email"] = Slow()
    slow.turn = asyncio.Semaphore(1)
    attempt = asyncio.create_task(reminded.deliver())
    await slow.asked.acquire()
    assert [row.lease_until is None for row in (await reminded.mails()).values()].count(True) == 1
    slow.may_answer.set()
    assert (await attempt).outcomes == {"sent": 2}


async def test_a_message_knows_the_language_of_its_words(reminded: Office) -> None:
    """Which is English for whom there are no others."""
    async with reminded.database.write() as db:
        await directory.put(db, REF.tenant, [user("asha", locale="ar"), user("ben", locale="hi-IN")])
    await reminded.deliver()
    told = {message.user.id: message.language for message in reminded.channels["email"].sent}
    assert told == {"asha": "en", "ben": "hi"}


async def _lose_a_lease(database: Database, delivery_id: str) -> None:
    """What an attempt leaves that was killed while it asked, once its lease has run out."""
    async with database.write() as db:
        claimed, _ = await ledger.claim(db, REF.tenant, delivery_id, timedelta(seconds=-1))
    assert claimed is not None


async def test_after_a_lost_lease_the_channel_knows_that_it_asked_before(reminded: Office) -> None:
    """Asha's mail was being sent when everything died, Ben's was not: the channel is told which is which."""
    await _lose_a_lease(reminded.database, (await reminded.mails())["asha"].id)
    await reminded.deliver()
    asked = {message.user.id: message.asked_before for message in reminded.channels["email"].sent}
    assert asked == {"asha": True, "ben": False}


async def test_a_refusal_for_now_is_no_lost_lease(reminded: Office) -> None:
    """The provider said no: the next attempt is a first one as far as the provider goes."""
    reminded.channels["email"].answers = [Result("retry"), Result("retry")]
    with pytest.raises(ApplicationError):
        await reminded.deliver()
    await reminded.deliver()
    assert [message.asked_before for message in reminded.channels["email"].sent] == [False, False]


async def test_one_who_is_refused_holds_up_nobody_else(reminded: Office) -> None:
    """The other's mail is out after the first attempt; each row keeps its own pause until it is over."""
    reminded.channels["email"].answers = [Result("retry", after=timedelta(minutes=1))]
    with pytest.raises(ApplicationError) as later:
        await reminded.deliver()
    assert later.value.next_retry_delay == timedelta(minutes=1)
    assert len(reminded.channels["email"].sent) == 1
    with pytest.raises(ApplicationError):
        await reminded.deliver(START - HOUR + timedelta(seconds=30))
    assert len(reminded.channels["email"].sent) == 1
    assert (await reminded.deliver(START - HOUR + timedelta(minutes=1))).outcomes == {"sent": 1}
    assert sorted(message.user.id for message in reminded.channels["email"].sent) == ["asha", "ben"]


async def test_a_bug_in_a_channel_leaves_the_row_leased(reminded: Office) -> None:
    """An exception says nothing about what the provider had: the row waits out its lease like after a kill."""
    both = asyncio.Barrier(2)

    async def explode(message: Message) -> Result:
        await both.wait()
        raise LookupError(message.user.id)

    reminded.channels["email"].send = explode
    with pytest.raises(LookupError):
        await reminded.deliver()
    left = (await reminded.mails()).values()
    assert {(row.outcome, row.lease_until is not None) for row in left} == {("planned", True)}


async def test_one_who_left_the_directory_meanwhile_is_withheld(reminded: Office) -> None:
    """Gone between the reminder and its mail: nothing is sent, and the row says why; the other has the mail."""
    async with reminded.database.write() as db:
        await db.execute(delete(users).where(users.c.tenant == REF.tenant, users.c.id == "asha"))
    await reminded.deliver()
    assert [message.user.id for message in reminded.channels["email"].sent] == ["ben"]
    assert await reminded.fates() == {"asha": ("withheld", "unknown_user"), "ben": ("sent", None)}


async def test_one_who_was_erased_meanwhile_hears_nothing(reminded: Office) -> None:
    """Erased with all that was written for them: no row is left, and no mail goes out."""
    async with reminded.database.write() as db:
        assert await directory.erase(db, REF.tenant, "asha")
    assert (await reminded.deliver()).outcomes == {"sent": 1}
    assert [message.user.id for message in reminded.channels["email"].sent] == ["ben"]
    assert list(await reminded.mails()) == ["ben"]


async def test_cancelled_meanwhile_nothing_is_sent(reminded: Office) -> None:
    """The mails were still to be sent when the appointment was cancelled: superseded, and the provider not asked."""
    await reminded.plan("cancelled", START - HOUR)
    assert (await reminded.deliver()).outcomes == {}
    assert reminded.channels["email"].sent == []
    assert set((await reminded.fates()).values()) == {("superseded", "cancelled")}


async def test_cancelled_after_a_kill_nothing_stale_is_sent(reminded: Office) -> None:
    """Asha's mail was being sent when everything died, then the appointment was cancelled: not sent, and unknown."""
    await _lose_a_lease(reminded.database, (await reminded.mails())["asha"].id)
    await reminded.plan("cancelled", START - HOUR)
    await reminded.deliver()
    assert reminded.channels["email"].sent == []
    assert await reminded.fates() == {"asha": ("unknown", "ambiguous"), "ben": ("superseded", "cancelled")}


async def test_one_who_was_deactivated_meanwhile_is_withheld(reminded: Office) -> None:
    """No longer active when the mail is due: nothing is sent, and the row says why."""
    async with reminded.database.write() as db:
        await directory.put(db, REF.tenant, [user("asha", active=False)])
    await reminded.deliver()
    assert [message.user.id for message in reminded.channels["email"].sent] == ["ben"]
    assert (await reminded.fates())["asha"] == ("withheld", "inactive")


async def test_giving_up_settles_what_is_open_and_sends_nothing(reminded: Office) -> None:
    """Never asked: failed. Asked without an answer: unknown."""
    await _lose_a_lease(reminded.database, (await reminded.mails())["asha"].id)
    await reminded.deliver(give_up=True)
    assert reminded.channels["email"].sent == []
    assert await reminded.fates() == {"asha": ("unknown", "ambiguous"), "ben": ("failed", "timeout")}


async def test_what_is_pointless_by_now_has_expired(reminded: Office) -> None:
    """Given up because the reminder's appointment begins: no fault of anybody's."""
    await _lose_a_lease(reminded.database, (await reminded.mails())["asha"].id)
    await reminded.deliver(give_up=True, expired=True)
    assert await reminded.fates() == {"asha": ("unknown", "ambiguous"), "ben": ("expired", "expired")}


async def test_an_attempt_begins_no_send_that_it_may_not_see_the_end_of(
    reminded: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When its time is up the attempt ends by itself, and the next one goes on at once with nobody asked before."""
    clock = 0.0
    mail = reminded.channels["email"]
    send = mail.send

    async def takes_long(message: Message) -> Result:
        nonlocal clock
        clock += 91
        return await send(message)  # type: ignore[no-any-return]

    mail.send = takes_long
    monkeypatch.setattr("activities.deliver.AT_ONCE", 1)
    monkeypatch.setattr("activities.deliver.monotonic", lambda: clock)
    with pytest.raises(ApplicationError) as later:
        await reminded.deliver()
    assert (later.value.type, later.value.next_retry_delay) == ("Retry", timedelta(milliseconds=1))
    assert later.value.category is ApplicationErrorCategory.BENIGN
    assert await reminded.fates() == {"asha": ("sent", None), "ben": ("planned", None)}
    assert (await reminded.deliver()).outcomes == {"sent": 1}
    assert [(m.user.id, m.asked_before) for m in mail.sent] == [("asha", False), ("ben", False)]


async def test_a_few_slow_sends_beat_as_well(reminded: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server hears that the attempt lives while a provider takes its time, however few recipients there are."""
    monkeypatch.setattr("activities.deliver.BEAT_SECONDS", 0)
    slow = reminded.channels["email"] = Slow()
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *_: slow.may_answer.set()
    request = DeliverRequest(ref=REF, key=REMINDER, channel="email", until=START)
    told = await asyncio.wait_for(environment.run(reminded.delivering.deliver, request), 20)
    assert told.outcomes == {"sent": 2}


async def test_what_one_device_has_is_sent_though_no_other_can_be_reached_any_more(reminded: Office) -> None:
    """The second attempt finds the subscription of the other gone: that the first was told stays true."""
    mail = reminded.channels["email"]
    mail.answers = [Result("retry", progress={"devices": ["s1"]}), Result("retry")]
    with pytest.raises(ApplicationError):
        await reminded.deliver()
    mail.reasons = dict.fromkeys(("asha", "ben"), "no_subscription")
    await reminded.deliver()
    assert await reminded.fates() == {"asha": ("sent", None), "ben": ("withheld", "no_subscription")}
