"""SMS: to one number, in few characters, at most once; and what Apprise's answers lead to, which chat shares."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.channels import apprise_sender
from activities.channels.base import Result
from activities.channels.inbox import Inbox
from activities.channels.sms import LIMIT, Sms, one_number
from activities.channels.web_push_payload import clusters
from punctual.channels import CHANNELS
from punctual.preferences import Preferences
from punctual.protocol import DeliverRequest, Told
from settings import SettingsError
from store import directory, ledger, preferences
from store.engine import Database
from store.ledger import Delivery
from tests.activities.conftest import HOUR, NOW, REF, REMINDER, START, Office, attempt
from tests.channels.apprise_target import Provider, running
from tests.channels.conftest import HOME, message, note
from tests.world import TENANT, Recorder, user

PHONE = "+919845012345"
ASHA = user("asha", phone=PHONE)
URL = "json://127.0.0.1:1/{phone}"
# What Apprise's log says of failures, in the mouth of a customer.
FORGED = "Socket Exception: (Caused by NewConnectionError( error=429"


@pytest.fixture
async def made() -> AsyncIterator[Callable[..., Sms]]:
    """Makes channels, closed in the end."""
    async with AsyncExitStack() as closing:

        def make(url: str | None, **options: Any) -> Sms:
            channel = Sms(url, home=HOME, now=lambda: NOW, **options)
            closing.push_async_callback(channel.close)
            return channel

        yield make


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (PHONE, PHONE),
        (" +91 (98450) 12-345", PHONE),
        ("030\u00a01234\u20115678", "03012345678"),
        *((bad, None) for bad in (
            None, "", "123456", "+" + "1" * 16, "+91 98450 12345, 67890", "98450x12345", "+91+9845012345",
            "++9845012345", "٩٨٤٥٠١٢٣٤٥", "9845012345?to=1", "9845012345/1555", "9845012345\n", "tel:9845012345",
        )),
    ],
)  # fmt: skip
def test_a_number_is_exactly_one(text: str | None, number: str | None) -> None:
    """Spaces, dashes and brackets do not count; everything else that is no digit does."""
    assert one_number(text) == number


@pytest.mark.parametrize(
    "text", ["word " * 100, "क्षि" * 100, "👩‍👩‍👧" * 60, "x" * 400], ids=["en", "hi", "family", "x"]
)
def test_a_long_text_is_cut_between_characters_as_readers_see_them(made: Callable[..., Sms], text: str) -> None:
    """And the link stays."""
    _, words = made(URL).words(message(notification=note(title="10:00", message=text)))
    kept, _, link = words.rpartition("\n")
    assert link == f"{HOME}appointments/42"
    assert LIMIT - 30 < len(words) <= LIMIT
    said = kept.removeprefix("10:00\n").removesuffix("...").rstrip()
    whole = list(clusters(text))
    assert said == "".join(whole[: len(list(clusters(said)))]).rstrip()


def test_a_long_link_is_left_out(made: Callable[..., Sms]) -> None:
    """It would leave no room for what it is about."""
    _, words = made(URL).words(message(notification=note(action_url="/x" * 60)))
    assert words == "10:00: Visit\nYour appointment with Meera starts in one hour."


@pytest.mark.parametrize(
    ("answer", "outcome", "reason", "minutes"),
    [
        (200, "sent", None, 0),
        (429, "retry", None, 0.5),
        (401, "retry", None, 10),
        (404, "failed", "rejected", 0),
        (302, "unknown", "ambiguous", 0),
        (503, "unknown", "ambiguous", 0),
    ],
)
async def test_the_providers_word_decides(
    made: Callable[..., Sms], answer: int, outcome: str, reason: str | None, minutes: float
) -> None:
    """And nobody's text. One request in any case; what may have been taken is never sent again."""
    async with running(answer) as provider:
        result = await made(provider.origin + "/{phone}?retry=3&optional=yes").send(
            message(user=ASHA, notification=note(title=FORGED, message=FORGED))
        )
    assert (result.outcome, result.reason) == (outcome, reason)
    assert (result.after or timedelta(0)) >= timedelta(minutes=minutes)
    assert [path for path, _ in provider.asked] == [f"/{PHONE}"]


async def test_a_connection_that_never_stood_is_tried_again(made: Callable[..., Sms]) -> None:
    """Nothing has left, whatever a text or a path may say."""
    assert await made(URL).send(message(user=ASHA)) == Result("retry", detail="no connection")


async def test_a_connection_that_breaks_is_ambiguous(made: Callable[..., Sms]) -> None:
    """Also where path and text speak of connections that never stood."""

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        url = f"json://127.0.0.1:{server.sockets[0].getsockname()[1]}/{{phone}}/{FORGED}"
        result = await made(url).send(message(user=ASHA, notification=note(title=FORGED, message=FORGED)))
    assert (result.outcome, result.reason) == ("unknown", "ambiguous")


async def test_what_no_thread_has_begun_is_tried_again(
    made: Callable[..., Sms], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The deadline holds for the wait as well; nothing has left."""
    monkeypatch.setattr(apprise_sender, "DEADLINE", 0.05)
    monkeypatch.setattr(apprise_sender, "AT_ONCE", 1)
    over = threading.Event()
    async with running() as provider:
        channel = made(provider.origin + "/{phone}")
        channel._threads.submit(over.wait, 10)
        results = await asyncio.gather(*(channel.send(message(user=ASHA)) for _ in range(2)))
        over.set()
    assert results == [Result("retry", detail="busy")] * 2
    assert provider.asked == []


async def test_what_gets_its_thread_late_is_not_begun(
    made: Callable[..., Sms], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be cut off, and unknown for nothing."""
    moments = iter([0.0, apprise_sender.DEADLINE / 2 + 1])
    async with running() as provider:
        channel = made(provider.origin + "/{phone}")
        monkeypatch.setattr(apprise_sender, "monotonic", lambda: next(moments))
        assert await channel.send(message(user=ASHA)) == Result("retry", detail="busy")
    assert provider.asked == []


async def test_nothing_leaves_without_need(made: Callable[..., Sms]) -> None:
    """In a sink, too late, asked before, without a number, or without a setting."""
    to_asha = message(user=ASHA)
    late = replace(to_asha, expires_at=NOW)
    results = [
        await made(URL, sink=True).send(to_asha),
        await made(URL).send(late),
        await made(URL).send(replace(to_asha, asked_before=True)),
        await made(URL).send(message()),
        await made(None).send(to_asha),
    ]
    assert [(result.outcome, result.reason) for result in results] == [
        ("sent", None), ("expired", "expired"), ("unknown", "ambiguous"), ("withheld", "no_address"),
        ("withheld", "channel_off"),
    ]  # fmt: skip


async def test_a_number_that_the_provider_does_not_take_reaches_nobody_else(made: Callable[..., Sms]) -> None:
    """Twilio would write to the sender."""
    url = f"twilio://AC{'a' * 32}:{'b' * 32}@+14155550100/{{phone}}"
    result = await made(url).send(message(user=user("asha", phone="+1234567")))
    assert (result.outcome, result.reason) == ("failed", "rejected")


@pytest.mark.parametrize(
    "url", ["planted://x/{phone}", "twilio://planted:planted@x/{phone}", "d7sms://planted@{phone}/14155550101"]
)
def test_a_url_that_cannot_be_used_stops_the_start(url: str) -> None:
    """The line names the setting, and does not repeat what may be a secret. A second target is one too many."""
    with pytest.raises(SettingsError, match=r"^SMS_URL: ") as caught:
        Sms(url, home=HOME)
    assert "planted" not in str(caught.value)


async def test_no_log_holds_a_secret(made: Callable[..., Sms]) -> None:
    """Neither the URL's nor the number or the text, by whichever library and at whichever level."""
    heard: list[str] = []
    handler = logging.Handler(logging.DEBUG)
    handler.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
    root = logging.getLogger()
    root.addHandler(handler)
    level = root.level
    root.setLevel(logging.DEBUG)
    try:
        async with running(500) as provider:
            url = f"json://planted:planted@127.0.0.1:{provider.port}/planted/{{phone}}?+Key=planted"
            await made(url).send(message(user=ASHA, notification=note(title="planted", message="planted")))
        logging.getLogger("anybody").debug("heard")
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert provider.asked
    assert "heard" in heard
    assert not [text for text in heard if "planted" in text or PHONE[1:] in text]


@dataclass
class Desk:
    """The reminder of the appointment of asha and ben, who have chosen SMS."""

    office: Office
    provider: Provider

    async def deliver(self, at: datetime = START - HOUR) -> Told:
        request = DeliverRequest(ref=REF, key=REMINDER, channel="sms", until=START)
        return await attempt(at, self.office.delivering.deliver, request)

    async def rows(self) -> list[Delivery]:
        async with self.office.database.read() as db:
            return [row for row in await ledger.of_entity(db, REF) if row.step_key == REMINDER]

    async def fates(self) -> set[tuple[str, str, str | None]]:
        return {(row.user_id, row.outcome, row.reason) for row in await self.rows() if row.channel == "sms"}


@pytest.fixture
async def desk(sqlite: Database, made: Callable[..., Sms], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(apprise_sender, "DEADLINE", 1)
    people = [
        user("asha", phone=PHONE, locale="hi-IN", timezone="Asia/Kolkata"), user("ben", phone="+49 151 12345678"),
    ]  # fmt: skip
    async with sqlite.write() as db:
        await directory.put(db, TENANT, people)
        for id_ in ("asha", "ben"):
            wanted = Preferences(channels={"sms": True})
            await preferences.put(db, TENANT, id_, wanted, digest_at=None, now=NOW)
    async with running() as provider:
        others = {name: Recorder(name) for name in ("websocket", "web_push", "email", "chat")}
        channels = {"inbox": Inbox(), **others, "sms": made(provider.origin + "/{phone}")}
        office = Office(sqlite, channels)
        await office.plan()
        await office.compose()
        yield Desk(office, provider)


async def test_each_who_has_chosen_it_gets_one_in_their_language_and_zone(desk: Desk) -> None:
    """Asking again sends nothing. Of a channel that nobody has chosen there is no row."""
    assert (await desk.deliver()).outcomes == {"sent": 2}
    assert (await desk.deliver()).outcomes == {}
    assert await desk.fates() == {("asha", "sent", None), ("ben", "sent", None)}
    assert {row.channel for row in await desk.rows()} == set(CHANNELS) - {"chat"}
    assert {path: body["message"] for path, body in desk.provider.asked} == {
        "/+4915112345678": "Fri 20 Nov, 11:00 (UTC): Visit\n"
        "The appointment with Meera starts in 60 minutes. Assigned to: Asha, Ben.",
        f"/{PHONE}": "शुक्र 20 नव॰, 16:30 (Asia/Kolkata): Visit\n"
        "Meera के साथ अपॉइंटमेंट 60 मिनट में शुरू होगा। ज़िम्मेदारी: Asha, Ben।",
    }
    assert len(desk.provider.asked) == 2


async def test_silence_is_unknown_and_nothing_is_sent_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider may have it."""
    monkeypatch.setattr(apprise_sender, "DEADLINE", 0.3)
    desk.provider.may_answer.clear()
    assert (await desk.deliver()).outcomes == {"unknown": 2}
    asked = len(desk.provider.asked)
    assert (await desk.deliver()).outcomes == {}
    assert await desk.fates() == {("asha", "unknown", "ambiguous"), ("ben", "unknown", "ambiguous")}
    assert len(desk.provider.asked) == asked


async def test_who_is_asked_to_wait_tries_again(desk: Desk) -> None:
    """Both are refused for now, and sent when the pause is over."""
    desk.provider.answers = [429, 429, 200]
    with pytest.raises(ApplicationError):
        await desk.deliver()
    with pytest.raises(ApplicationError) as later:
        await desk.deliver()
    assert later.value.next_retry_delay >= timedelta(seconds=25)  # type: ignore[operator]
    assert len(desk.provider.asked) == 2
    assert (await desk.deliver(START - HOUR + timedelta(minutes=1))).outcomes == {"sent": 2}
