"""Web Push against a push service that checks what it gets."""

import json
import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from activities.channels.web_push_vapid import Vapid
from settings import SettingsError
from tests.channels.conftest import ABOUT, Desk, message, note
from tests.channels.push_checker import HEADERS
from tests.channels.push_service import OWNER, SECRET_PATH, KeyPair, PushService, answer
from tests.world import TENANT, user


async def test_a_push_is_encrypted_signed_and_says_what_the_contract_says(
    desk: Desk, push_service: PushService
) -> None:
    """The service could verify it, and the browser could read it."""
    await desk.subscribe(push_service.add("s1"))
    result = await desk.make().send(message(notification=note(priority="urgent")))
    assert result.outcome == "sent"
    assert result.progress["devices"] == ["s1"]
    [push] = push_service.received
    document = push.document
    tag, actions = document["notification"]["tag"], document["notification"].pop("actions")
    assert [action["action"] for action in actions] == ["snooze", "open"]
    assert document["notification"]["data"].pop("report").startswith("https://crm.example/c/")
    assert document == {
        "web_push": 8030,
        "notification": {
            "title": "10:00: Visit",
            "body": "Your appointment with Meera starts in one hour.",
            "navigate": "https://crm.example/appointments/42",
            "tag": tag,
            "data": {"notification_id": "n1"},
        },
        "app_badge": 3,
    }
    assert push.headers["Topic"] == tag
    assert len(tag) == 32
    assert push.headers["Urgency"] == "high"
    assert push.headers["TTL"] == "86400"
    assert push.headers["Content-Encoding"] == "aes128gcm"
    assert push.claims["sub"] == OWNER
    assert time.time() < push.claims["exp"] <= time.time() + 24 * 3600


async def test_two_messages_share_topic_connection_and_token(desk: Desk, push_service: PushService) -> None:
    """The same collapse key replaces on the device, and nothing is set up twice."""
    await desk.subscribe(push_service.add("s1"))
    channel = desk.make()
    for _ in range(2):
        await channel.send(message())
    first, second = push_service.received
    assert first.headers["Topic"] == second.headers["Topic"]
    assert first.headers["Authorization"] == second.headers["Authorization"]
    assert len(push_service.connections) == 1
    other = message(collapse="acme/appointment/43/appointment.reminder")
    await channel.send(other)
    assert push_service.received[2].headers["Topic"] != first.headers["Topic"]


@pytest.mark.parametrize(
    ("lifetime", "ttl"),
    [(timedelta(minutes=30), 1800), (timedelta(days=90), 28 * 86400), (timedelta(milliseconds=300), 1)],
)
async def test_the_time_to_live_ends_with_the_message(
    desk: Desk, push_service: PushService, lifetime: timedelta, ttl: int
) -> None:
    """It is never 0, which would mean "only if the device is on", and never more than services take."""
    now = datetime.now(UTC)
    await desk.subscribe(push_service.add("s1"))
    await desk.make(now=lambda: now).send(message(expires_at=now + lifetime))
    assert push_service.received[0].headers["TTL"] == str(ttl)


async def test_nothing_that_people_wrote_is_in_a_header(desk: Desk, push_service: PushService) -> None:
    """Titles, links, ids and collapse keys travel encrypted, or as a digest."""
    evil = "x\r\nEvil: planted"
    written = note(title=evil, message=evil, action_url=f"/{evil}", entity_id=evil, type=evil, category=evil, id=evil)
    await desk.subscribe(push_service.add("s1"))
    await desk.make().send(message(notification=written, collapse=evil, user=user("asha", name=evil, locale=evil)))
    [push] = push_service.received
    assert set(push.headers) <= HEADERS
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", push.headers["Topic"])
    assert re.fullmatch(r"[0-9]+", push.headers["TTL"])
    assert push.headers["Urgency"] == "high"
    assert "planted" not in str(push.headers)


async def test_what_has_expired_is_not_pushed(desk: Desk, push_service: PushService) -> None:
    """A retry that comes after the instant that a reminder announces says so."""
    await desk.subscribe(push_service.add("s1"))
    result = await desk.make().send(message(expires_at=datetime.now(UTC)))
    assert (result.outcome, result.reason) == ("expired", "expired")
    assert push_service.received == []


async def test_what_came_to_one_browser_in_time_is_sent(desk: Desk, push_service: PushService) -> None:
    """The other browser was still to be tried when the message became pointless."""
    await desk.subscribe(push_service.add("s1"), push_service.add("s2"))
    progress = {"devices": ["s1"], "rejected": []}
    result = await desk.make().send(message(expires_at=datetime.now(UTC), progress=progress))
    assert (result.outcome, result.reason, result.progress) == ("sent", None, progress)
    assert push_service.received == []


async def test_a_browser_is_written_down_as_used_once_a_day(desk: Desk, push_service: PushService) -> None:
    """Not for each message, which would cost a write each time."""
    now = datetime.now(UTC)
    await desk.subscribe(push_service.add("s1"))
    channel = desk.make(now=lambda: now)
    used = []
    for later in (timedelta(0), timedelta(hours=23), timedelta(hours=2)):
        now += later
        await channel.send(message())
        async with desk.database.read() as db:
            used += [device.used_at for device in await desk.subscriptions.of(db, TENANT, "asha")]
    assert used == [now - timedelta(hours=25), now - timedelta(hours=25), now]


async def test_in_a_sink_nothing_leaves(desk: Desk, push_service: PushService, no_network: list[str]) -> None:
    """The message counts as sent; who is reachable stays as it would be."""
    await desk.subscribe(push_service.add("s1"))
    channel = desk.make(sink=True)
    assert (await channel.send(message())).outcome == "sent"
    assert push_service.received == []
    assert no_network == []
    async with desk.database.read() as db:
        reasons = await channel.unreachable(db, TENANT, [user("asha"), user("ben")], ABOUT)
    assert reasons == {"ben": "no_subscription"}


async def test_without_vapid_keys_the_channel_is_off_for_all(desk: Desk, push_service: PushService) -> None:
    """It is a setting that is missing, not a browser."""
    await desk.subscribe(push_service.add("s1"))
    async with desk.database.read() as db:
        reasons = await desk.make(vapid=None).unreachable(db, TENANT, [user("asha"), user("ben")], ABOUT)
    assert reasons == {"asha": "channel_off", "ben": "channel_off"}


async def test_no_log_record_holds_an_endpoint_or_a_token(
    desk: Desk, push_service: PushService, caplog: pytest.LogCaptureFixture
) -> None:
    """An endpoint is a secret: whoever has it can push. Records name its host and a short hash."""
    caplog.set_level("DEBUG")
    statuses = (400, 401, 404, 413, 429, 500, 302)
    for number, status in enumerate(statuses):
        push_service.answers[f"s{number}"] = [answer(status), answer(status)]
        await desk.subscribe(push_service.add(f"s{number}"))
    unsafe = replace(push_service.add("s7"), endpoint=f"http://x.example{SECRET_PATH}")
    no_keys = replace(push_service.add("s8"), p256dh="AAAA")
    await desk.subscribe(unsafe, no_keys)
    with capture_logs() as logs:
        await desk.make().send(message())
    assert {entry.get("answer") for entry in logs} == {*statuses, "unusable keys", None}
    text = json.dumps(logs, default=repr) + caplog.text
    tokens = [push.headers["Authorization"] for push in push_service.received]
    assert tokens
    assert not [secret for secret in ("planted", SECRET_PATH, "token=", *tokens) if secret in text]


def test_tokens_are_signed_for_each_origin_and_anew_before_they_are_half_a_day_old() -> None:
    """Claims of one origin do not stick to the next."""
    keys = KeyPair()
    vapid = Vapid(keys.private, keys.public, "https://ops.example/contact")
    now = datetime.now(UTC)
    first = vapid.authorization("https://a.example", now)
    assert vapid.authorization("https://a.example", now + timedelta(hours=10)) == first
    assert vapid.authorization("https://a.example", now + timedelta(hours=12)) != first
    assert vapid.authorization("https://b.example", now).split(".")[1] != first.split(".")[1]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"private_key": "not a key"}, "VAPID_PRIVATE_KEY"),
        ({"private_key": "AAAA"}, "VAPID_PRIVATE_KEY"),
        ({"public_key": KeyPair().public}, "VAPID_PUBLIC_KEY"),
        ({"public_key": "é"}, "VAPID_PUBLIC_KEY"),
    ],
)
def test_keys_that_do_not_fit_stop_the_start(change: dict[str, Any], named: str) -> None:
    """One line that names the setting, instead of a 403 for every push."""
    keys = KeyPair()
    with pytest.raises(SettingsError, match=f"^{named}: "):
        Vapid(**{"private_key": keys.private, "public_key": keys.public, "owner": OWNER, **change})
