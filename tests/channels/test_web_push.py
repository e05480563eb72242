"""Web Push against a push service that checks what it gets."""

import asyncio
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from activities.channels.web_push_vapid import Vapid
from settings import SettingsError
from tests.channels.conftest import Desk, message, note
from tests.channels.push_service import OWNER, SECRET_PATH, KeyPair, PushService, raw_server
from tests.world import TENANT, user


def answer(status: int, **headers: str) -> web.Response:
    return web.Response(status=status, headers={key.replace("_", "-"): value for key, value in headers.items()})


async def test_a_push_is_encrypted_signed_and_says_what_the_contract_says(
    desk: Desk, push_service: PushService
) -> None:
    """The service could verify it, and the browser could read it."""
    await desk.subscribe(push_service.add("s1"))
    result = await desk.make().send(message(notification=note(priority="urgent")))
    assert result.outcome == "sent"
    assert result.progress["devices"] == ["s1"]
    [push] = push_service.received
    tag = push.document["notification"]["tag"]
    assert push.document == {
        "web_push": 8030,
        "notification": {
            "title": "10:00: Visit",
            "body": "Your appointment with Meera starts in one hour.",
            "navigate": "https://crm.example/appointments/42",
            "tag": tag,
            "actions": [
                {
                    "action": "open",
                    "title": "Open appointment",
                    "navigate": "https://crm.example/appointments/42",
                }
            ],
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


async def test_what_has_expired_is_not_pushed(desk: Desk, push_service: PushService) -> None:
    """A retry that comes after the instant that a reminder announces says so."""
    await desk.subscribe(push_service.add("s1"))
    result = await desk.make().send(message(expires_at=datetime.now(UTC)))
    assert (result.outcome, result.reason) == ("expired", "expired")
    assert push_service.received == []


@pytest.mark.parametrize("status", [404, 410])
async def test_a_dead_browser_is_forgotten_and_stops_no_other(
    desk: Desk, push_service: PushService, status: int
) -> None:
    """Only its own row goes."""
    await desk.subscribe(push_service.add("s1"), push_service.add("s2"))
    push_service.answers["s1"] = [answer(status)]
    result = await desk.make().send(message())
    assert (result.outcome, result.progress["devices"]) == ("sent", ["s2"])
    assert await desk.subscribed() == ["s2"]


async def test_a_browser_that_subscribes_anew_while_its_old_self_is_reported_gone_survives(
    desk: Desk, push_service: PushService
) -> None:
    """The row that was saved after the push began is not the one that died."""
    device = push_service.add("s1")
    await desk.subscribe(device)

    async def gone(_: web.Request) -> web.Response:
        again = push_service.browsers["s1"].subscription(device.endpoint)
        await desk.subscribe(again)
        return answer(410)

    push_service.answers["s1"] = [gone]
    await desk.make().send(message())
    assert await desk.subscribed() == ["s1"]


async def test_when_all_browsers_are_gone_the_person_has_no_subscription(
    desk: Desk, push_service: PushService
) -> None:
    """The outcome names the reason that `unreachable` would name next time."""
    await desk.subscribe(push_service.add("s1"))
    push_service.answers["s1"] = [answer(410)]
    channel = desk.make()
    result = await channel.send(message())
    assert (result.outcome, result.reason) == ("withheld", "no_subscription")
    async with desk.database.read() as db:
        assert await channel.unreachable(db, TENANT, [user("asha")]) == {"asha": "no_subscription"}


async def test_a_retry_does_not_ask_the_browsers_already_settled(desk: Desk, push_service: PushService) -> None:
    """What was taken and what was refused for good is remembered in the progress."""
    await desk.subscribe(*(push_service.add(id_) for id_ in ("s1", "s2", "s3")))
    push_service.answers = {"s2": [answer(500)], "s3": [answer(400)]}
    channel = desk.make()
    first = await channel.send(message())
    assert (first.outcome, first.after) == ("retry", None)
    assert first.progress == {"devices": ["s1"], "rejected": ["s3"]}
    second = await channel.send(message(progress=first.progress))
    assert second.outcome == "sent"
    assert [push.device for push in push_service.received][3:] == ["s2"]


@pytest.mark.parametrize("status", [401, 403])
async def test_a_service_that_refuses_us_is_left_alone_and_no_subscription_is_deleted(
    desk: Desk, push_service: PushService, status: int
) -> None:
    """One operator warning that names the origin and nothing else; after ten minutes it is asked with a new token."""
    await desk.subscribe(push_service.add("s1"), push_service.add("s2"))
    push_service.answers = {"s1": [answer(status)], "s2": [answer(status)]}
    now = datetime.now(UTC)
    channel = desk.make(now=lambda: now)
    with capture_logs() as logs:
        first = await channel.send(message())
        asked = len(push_service.received)
        now += timedelta(minutes=4)
        second = await channel.send(message())
    assert (first.outcome, first.after) == ("retry", timedelta(minutes=10))
    assert (second.outcome, second.after) == ("retry", timedelta(minutes=6))
    assert len(push_service.received) == asked
    [warning] = [entry for entry in logs if entry["log_level"] == "warning"]
    assert set(warning) == {"event", "log_level", "origin"}
    assert warning["origin"] == push_service.origin
    assert await desk.subscribed() == ["s1", "s2"]
    now += timedelta(minutes=6)
    assert (await channel.send(message())).outcome == "sent"
    tokens = {push.headers["Authorization"] for push in push_service.received}
    assert len(tokens) == 2


async def test_too_large_is_tried_once_more_with_the_title_only(desk: Desk, push_service: PushService) -> None:
    """The second push is shorter and still whole; a second refusal is final."""
    await desk.subscribe(push_service.add("s1"))
    push_service.answers["s1"] = [answer(413)]
    channel = desk.make()
    assert (await channel.send(message())).outcome == "sent"
    first, second = (push.document["notification"] for push in push_service.received)
    assert (second["title"], second["body"]) == (first["title"], "")
    push_service.answers["s1"] = [answer(413), answer(413)]
    result = await channel.send(message())
    assert (result.outcome, result.reason) == ("failed", "rejected")
    assert len(push_service.received) == 4


@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_service_says_when_to_come_back(desk: Desk, push_service: PushService, status: int) -> None:
    """The smallest wait of all browsers is the message's own."""
    await desk.subscribe(push_service.add("s1"), push_service.add("s2"))
    push_service.answers = {"s1": [answer(status, Retry_After="120")], "s2": [answer(status, Retry_After="1000")]}
    result = await desk.make().send(message())
    assert result.outcome == "retry"
    assert result.after is not None
    assert timedelta(seconds=120) <= result.after <= timedelta(seconds=144)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_a_refusal_and_its_target_sees_nothing(
    desk: Desk, push_service: PushService, status: int
) -> None:
    """Otherwise a push service could send us anywhere, with our signature."""
    await desk.subscribe(push_service.add("s1"))
    push_service.answers["s1"] = [answer(status, Location=f"{push_service.origin}/elsewhere")]
    result = await desk.make().send(message())
    assert (result.outcome, result.reason) == ("failed", "rejected")
    assert push_service.elsewhere == 0


async def test_a_service_that_drips_its_answer_is_given_up_at_the_deadline(
    desk: Desk, push_service: PushService
) -> None:
    """The deadline is for the whole answer's head, not for each read; the other browser is reached all the same."""
    dripping = asyncio.Event()

    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 201 Created\r\nX-Slow: ")
        while True:
            writer.write(b"x")
            await writer.drain()
            dripping.set()
            await asyncio.sleep(0.02)

    async with raw_server(drip) as origin:
        slow = push_service.add("s1")
        slow = replace(slow, endpoint=f"{origin}/x")
        await desk.subscribe(slow, push_service.add("s2"))
        result = await asyncio.wait_for(desk.make(origin, deadline=0.3).send(message()), 10)
    assert dripping.is_set()
    assert (result.outcome, result.progress["devices"]) == ("retry", ["s2"])


async def test_an_endless_answer_is_not_read_to_its_end(desk: Desk, push_service: PushService) -> None:
    """Its status counts, and the connection is dropped after the first few kilobytes."""
    hung_up = asyncio.Event()
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n")
        nonlocal sent
        try:
            while True:
                writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                await writer.drain()
                sent += 65536
                await asyncio.sleep(0)
        except ConnectionError:
            hung_up.set()

    async with raw_server(endless) as origin:
        device = push_service.add("s1")
        await desk.subscribe(replace(device, endpoint=f"{origin}/x"))
        result = await asyncio.wait_for(desk.make(origin).send(message()), 10)
        assert result.outcome == "sent"
        await asyncio.wait_for(hung_up.wait(), 10)
    assert sent < 16 * 1024 * 1024  # what the sockets' own buffers may hold


async def test_no_connection_is_a_reason_to_try_again(desk: Desk, push_service: PushService) -> None:
    """A push service that is down is not a browser that is gone."""
    async with raw_server(lambda writer: asyncio.sleep(0)) as origin:
        pass
    device = push_service.add("s1")
    await desk.subscribe(replace(device, endpoint=f"{origin}/x"))
    result = await desk.make(origin).send(message())
    assert (result.outcome, result.after) == ("retry", None)
    assert await desk.subscribed() == ["s1"]


@pytest.mark.parametrize(
    ("p256dh", "auth"), [("AAAA", "AAAA"), ("", ""), ("!!!", "!!!"), ("B" + "A" * 86, "A" * 22), ("BA", "A")]
)
async def test_a_browser_with_keys_that_are_none_stops_no_other(
    desk: Desk, push_service: PushService, p256dh: str, auth: str
) -> None:
    """Keys off the curve and keys that are no base64 are that browser's own failure."""
    bad = push_service.add("s1")
    bad = replace(bad, p256dh=p256dh, auth=auth)
    await desk.subscribe(bad, push_service.add("s2"))
    result = await desk.make().send(message())
    assert (result.outcome, result.progress) == ("sent", {"devices": ["s2"], "rejected": ["s1"]})
    assert [push.device for push in push_service.received] == ["s2"]


async def test_in_a_sink_nothing_leaves(desk: Desk, push_service: PushService, no_network: list[str]) -> None:
    """The message counts as sent; who is reachable stays as it would be."""
    await desk.subscribe(push_service.add("s1"))
    channel = desk.make(sink=True)
    assert (await channel.send(message())).outcome == "sent"
    assert push_service.received == []
    assert no_network == []
    async with desk.database.read() as db:
        reasons = await channel.unreachable(db, TENANT, [user("asha"), user("ben")])
    assert reasons == {"ben": "no_subscription"}


async def test_without_vapid_keys_the_channel_is_off_for_all(desk: Desk, push_service: PushService) -> None:
    """It is a setting that is missing, not a browser."""
    await desk.subscribe(push_service.add("s1"))
    async with desk.database.read() as db:
        reasons = await desk.make(vapid=None).unreachable(db, TENANT, [user("asha"), user("ben")])
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
