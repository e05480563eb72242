"""Web Push: what each answer of a push service leads to."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from activities.channels.web_push_vapid import SEVERAL
from tests.channels.conftest import ABOUT, Desk, message
from tests.channels.push_service import PushService, answer, raw_server
from tests.world import TENANT, user


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
        assert await channel.unreachable(db, TENANT, [user("asha")], ABOUT) == {"asha": "no_subscription"}


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
    people = ["asha", "ben", "lena", "ravi"]
    await desk.subscribe(*(replace(push_service.add(f"of-{who}"), user_id=who) for who in people))
    push_service.answers = {f"of-{who}": [answer(status)] for who in people}
    now = datetime.now(UTC)
    channel = desk.make(now=lambda: now)
    with capture_logs() as logs:
        results = [await channel.send(message(user=user(who))) for who in people[:SEVERAL]]
        asked = len(push_service.received)
        now += timedelta(minutes=4)
        late = await channel.send(message(user=user("ravi")))
    assert [(result.outcome, result.after) for result in results] == [("retry", timedelta(minutes=10))] * SEVERAL
    assert (late.outcome, late.after) == ("retry", timedelta(minutes=6))
    assert len(push_service.received) == asked
    [warning] = [entry for entry in logs if entry["log_level"] == "warning"]
    assert set(warning) == {"event", "log_level", "origin"}
    assert warning["origin"] == push_service.origin
    assert await desk.subscribed() == ["of-asha"]
    now += timedelta(minutes=6)
    assert (await channel.send(message())).outcome == "sent"
    tokens = {push.headers["Authorization"] for push in push_service.received}
    assert len(tokens) == 2


async def test_one_persons_subscription_of_another_key_stops_nobody_else(
    desk: Desk, push_service: PushService
) -> None:
    """However many of them one person makes; nor do those of several, where others are accepted."""
    people = ["asha", *(f"foreign-{n}" for n in range(SEVERAL))]
    await desk.subscribe(*(replace(push_service.add(f"of-{who}"), user_id=who) for who in people))
    push_service.answers = {f"of-{who}": [answer(403) for _ in range(9)] for who in people[1:]}
    channel = desk.make()
    for _ in range(SEVERAL):
        assert (await channel.send(message(user=user("foreign-0")))).outcome == "retry"
    assert (await channel.send(message())).outcome == "sent"
    for who in people[1:]:
        assert (await channel.send(message(user=user(who)))).outcome == "retry"
    assert (await channel.send(message())).outcome == "sent"


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
