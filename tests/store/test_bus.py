"""Live frames between processes, through a real Valkey: what arrives, and what is known to have been lost."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest
import redis.asyncio

from store import bus
from store.bus import EVERYBODY, Owner, RedisBus
from tests.store.tcp_proxy import proxied

QUICK: dict[str, float] = {"canary_every": 0.02, "silence": 60, "patience": 60, "pause": 0.01}
SILENCE, PATIENCE = 0.3, 0.2
ASHA = ("acme", "asha")


class Ear:
    """Who listens on a bus: frames with whom they are for, and gaps."""

    def __init__(self, heard_on: RedisBus) -> None:
        self.bus = heard_on
        self.frames: asyncio.Queue[tuple[str, str, dict[str, Any]]] = asyncio.Queue()
        self.gaps: asyncio.Queue[Owner] = asyncio.Queue()
        heard_on.listen(lambda *frame: self.frames.put_nowait(frame), self.gaps.put_nowait)

    async def frame(self) -> tuple[str, str, dict[str, Any]]:
        async with asyncio.timeout(10):
            return await self.frames.get()

    async def gap(self) -> Owner:
        async with asyncio.timeout(10):
            return await self.gaps.get()


Hear = Callable[..., Any]


@pytest.fixture
async def hear() -> AsyncIterator[Hear]:
    """Starts buses that listen; the first gap, that of the beginning, is heard already."""
    async with AsyncExitStack() as stack:

        async def start(url: str, **options: float) -> Ear:
            ear = Ear(RedisBus(url, **{**QUICK, **options}))
            await ear.bus.start()
            stack.push_async_callback(ear.bus.close)
            assert await ear.gap() == EVERYBODY
            return ear

        yield start


def frame(number: int) -> dict[str, Any]:
    return {"type": "unread_count", "count": number, "version": number}


async def test_frames_reach_every_process_in_their_order(valkey: str, hear: Hear) -> None:
    """One bus publishes, each of them hears it once; no canary is passed on."""
    one, two = await hear(valkey), await hear(valkey)
    await one.bus.publish(*ASHA, frame(0))
    await one.bus.publish_all([(*ASHA, frame(number)) for number in range(1, 1200)])
    for ear in (one, two):
        assert [await ear.frame() for _ in range(1200)] == [(*ASHA, frame(number)) for number in range(1200)]
        assert ear.frames.empty()
        assert ear.gaps.empty()


async def test_a_subscription_that_is_cut_is_made_anew_and_told_as_a_gap(valkey: str, hear: Hear) -> None:
    """Whatever was published meanwhile is lost, and nobody can know for whom it was."""
    one, two = await hear(valkey), await hear(valkey)
    async with redis.asyncio.Redis.from_url(valkey) as admin:
        await admin.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    for ear in (one, two):
        assert await ear.gap() == EVERYBODY
    await one.bus.publish(*ASHA, frame(1))
    assert await two.frame() == (*ASHA, frame(1))


async def test_a_subscription_that_dies_silently_is_noticed_by_the_canary(valkey: str, hear: Hear) -> None:
    """Nothing is closed and publishing works, but nothing is heard: the bus subscribes anew, and tells of the gap."""
    async with proxied(valkey) as proxy:
        deaf = await hear(proxy.url, silence=SILENCE)
        sender = await hear(valkey)
        assert proxy.silence(b"SUBSCRIBE") == 1
        await sender.bus.publish(*ASHA, frame(1))
        await deaf.bus.publish(*ASHA, frame(2))
        assert [(await sender.frame())[2]["count"] for _ in range(2)] == [1, 2]
        assert await deaf.gap() == EVERYBODY
        await sender.bus.publish(*ASHA, frame(3))
        assert await deaf.frame() == (*ASHA, frame(3))
        await deaf.bus.close()


async def test_what_could_not_be_published_is_told_as_a_gap_to_whom_it_was_for(valkey: str, hear: Hear) -> None:
    """As soon as publishing works again, and to them alone; this process hears it at once."""
    async with proxied(valkey) as proxy:
        cut, other = await hear(proxy.url, patience=PATIENCE), await hear(valkey)
        proxy.swallows_all = True
        await cut.bus.publish(*ASHA, frame(1))
        assert await cut.frame() == (*ASHA, frame(1))
        await cut.bus.publish("acme", "ben", frame(2))
        proxy.swallows_all = False
        assert {await other.gap(), await other.gap()} == {ASHA, ("acme", "ben")}
        assert other.gaps.empty()
        await cut.bus.close()


async def test_who_has_no_time_to_publish_leaves_a_gap(valkey: str, hear: Hear) -> None:
    """A caller that gives up half way does not know which frames went out."""
    async with proxied(valkey) as proxy:
        cut, other = await hear(proxy.url, patience=PATIENCE), await hear(valkey)
        proxy.swallows_all = True
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(PATIENCE / 10):
                await cut.bus.publish(*ASHA, frame(1))
        proxy.swallows_all = False
        assert await other.gap() == ASHA
        await cut.bus.close()


async def test_too_many_losses_are_a_gap_for_everybody(
    valkey: str, hear: Hear, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is owed takes no more memory during a long outage."""
    monkeypatch.setattr(bus, "_MOST_OWED", 2)
    async with proxied(valkey) as proxy:
        cut, other = await hear(proxy.url, patience=PATIENCE), await hear(valkey)
        proxy.swallows_all = True
        await cut.bus.publish_all([("acme", f"user-{number}", frame(1)) for number in range(3)])
        proxy.swallows_all = False
        assert await other.gap() == EVERYBODY
        await cut.bus.close()


async def test_a_bus_whose_server_comes_later_begins_with_a_gap(valkey: str) -> None:
    """Sockets may be open already, and what happened before the first subscription was never heard."""
    async with proxied(valkey) as proxy:
        proxy.swallows_all = True
        ear = Ear(RedisBus(proxy.url, **{**QUICK, "silence": SILENCE, "patience": PATIENCE}))
        await ear.bus.start()
        await ear.bus.publish(*ASHA, frame(1))
        assert ear.gaps.empty()
        proxy.swallows_all = False
        assert await ear.gap() == EVERYBODY
        assert ear.bus.subscribed.is_set()
        await ear.bus.close()


async def test_rubbish_on_the_channel_does_not_end_it(valkey: str, hear: Hear) -> None:
    """Whoever else writes there, the next frame is heard, and without a gap."""
    ear = await hear(valkey)
    async with redis.asyncio.Redis.from_url(valkey) as other:
        for text in ("{", "1", "[]", '["a","b",1]', '["a","b",{}]', b"\xff"):
            await other.publish("punctual:live", text)
    await ear.bus.publish(*ASHA, frame(1))
    assert await ear.frame() == (*ASHA, frame(1))
    assert ear.gaps.empty()


async def test_closing_does_not_depend_on_every_cancellation(
    valkey: str, hear: Hear, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python 3.11's `wait_for`, which the Redis client uses, may swallow one; the process still ends."""
    ear = await hear(valkey)
    entered = asyncio.Event()

    async def swallow_one(_: Any) -> None:
        with suppress(*() if entered.is_set() else (asyncio.CancelledError,)):
            entered.set()
            await asyncio.Event().wait()

    monkeypatch.setattr(ear.bus, "_send", swallow_one)
    async with asyncio.timeout(10):
        await entered.wait()
        await ear.bus.close()
