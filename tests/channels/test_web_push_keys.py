"""Web Push while our key pair is changed: each browser hears with the one that it was subscribed for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from activities.channels.web_push import WebPush
from activities.channels.web_push_vapid import SEVERAL, VapidKeys
from settings import SettingsError
from tests.channels.conftest import ABOUT, Desk, message
from tests.channels.push_service import OWNER, KeyPair, PushService, answer
from tests.world import TENANT, user

FRESH = KeyPair()


def key_of(authorization: str) -> str:
    return authorization.rsplit("k=", 1)[1]


def changed(desk: Desk, push_service: PushService, **options: Any) -> WebPush:
    """A channel with FRESH in front of the service's own pair."""
    pairs = [(pair.private, pair.public) for pair in (FRESH, push_service.vapid)]
    return desk.make(vapid=VapidKeys(pairs, OWNER), **options)


async def test_each_browser_hears_with_the_key_it_subscribed_for(desk: Desk, push_service: PushService) -> None:
    """Nobody wrote down the key of an old one: it is the oldest. Each key has its own token for the one origin."""
    old = push_service.add("s1")
    await desk.subscribe(old, push_service.add("s2", FRESH), push_service.add("s3", push_service.vapid))
    channel = changed(desk, push_service)
    for _ in range(2):
        assert (await channel.send(message())).outcome == "sent"
    used = {(push.device, push.headers["Authorization"]) for push in push_service.received}
    assert len(push_service.received) == 6
    keys = {device: key_of(authorization) for device, authorization in used}
    assert keys == {"s1": push_service.vapid.public, "s2": FRESH.public, "s3": push_service.vapid.public}
    assert len({authorization for _, authorization in used}) == 2


async def test_a_refusal_of_one_key_stops_no_other(desk: Desk, push_service: PushService) -> None:
    """The origin is left alone by that key for ten minutes, and hears the other all the while."""
    await desk.subscribe(push_service.add("s1", FRESH), push_service.add("s2"))
    push_service.answers["s1"] = [answer(403)]
    now = datetime.now(UTC)
    channel = changed(desk, push_service, now=lambda: now)
    for n in range(SEVERAL - 1):
        await desk.subscribe(replace(push_service.add(f"other-{n}", FRESH), user_id=f"other-{n}"))
        push_service.answers[f"other-{n}"] = [answer(403)]
        await channel.send(message(user=user(f"other-{n}")))
    first = await channel.send(message())
    assert (first.outcome, first.after, first.progress["devices"]) == ("retry", timedelta(minutes=10), ["s2"])
    now += timedelta(minutes=9)
    assert (await channel.send(message())).after == timedelta(minutes=1)
    assert [push.device for push in push_service.received].count("s1") == 1
    assert [push.device for push in push_service.received].count("s2") == 2


async def test_a_browser_of_a_key_that_is_dropped_waits_for_its_page(desk: Desk, push_service: PushService) -> None:
    """It cannot be reached, and says so at once; it stays, the operator is told once, and others are reached."""
    await desk.subscribe(push_service.add("s1", FRESH))
    channel = desk.make()
    with capture_logs() as logs:
        result = await channel.send(message())
        async with desk.database.read() as db:
            reasons = await channel.unreachable(db, TENANT, [user("asha")], ABOUT)
    assert (result.outcome, result.reason, result.progress["rejected"]) == ("failed", "rejected", ["s1"])
    assert reasons == {"asha": "no_subscription"}
    assert [entry["public_key"] for entry in logs if entry["log_level"] == "warning"] == [FRESH.public]
    assert push_service.received == []
    await desk.subscribe(push_service.add("s2"))
    result = await channel.send(message())
    assert (result.outcome, result.progress) == ("sent", {"devices": ["s2"], "rejected": ["s1"]})
    assert await desk.subscribed() == ["s1", "s2"]
    async with desk.database.read() as db:
        assert await channel.unreachable(db, TENANT, [user("asha")], ABOUT) == {}


async def test_a_browser_that_subscribes_again_is_reached_with_the_new_key(
    desk: Desk, push_service: PushService
) -> None:
    """Its page says for which key: the same endpoint changes over."""
    old = push_service.add("s1", push_service.vapid)
    await desk.subscribe(old)
    push_service.browsers["s1"].vapid = FRESH
    await desk.subscribe(replace(old, vapid_key=FRESH.public))
    assert (await changed(desk, push_service).send(message())).outcome == "sent"
    assert push_service.malformed == []


@pytest.mark.parametrize(
    ("pairs", "named"),
    [
        ([(FRESH.private, FRESH.public), ("not a key", "BA")], "VAPID_PRIVATE_KEY"),
        ([(FRESH.private, KeyPair().public), (KeyPair().private, FRESH.public)], "VAPID_PUBLIC_KEY"),
    ],
    ids=["no key", "another order"],
)
def test_each_pair_must_fit(pairs: list[tuple[str, str]], named: str) -> None:
    """A second pair that is wrong stops the start like a first one."""
    with pytest.raises(SettingsError, match=f"^{named}: "):
        VapidKeys(pairs, OWNER)
