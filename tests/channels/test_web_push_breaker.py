"""A push service that does not answer holds up nobody else, and is not asked for ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from activities.channels import web_push_breaker
from activities.channels.web_push_breaker import A_FEW, FIRST_PAUSE, LONGEST_PAUSE, TOLERATED, Breaker, LeftAlone
from activities.channels.web_push_vapid import SEVERAL, Vapid
from tests.channels.conftest import NOW, Desk, message
from tests.channels.push_service import OWNER, KeyPair, PushService, raw_server
from tests.world import TENANT, user

SICK, WELL = "https://sick.example", "https://well.example"


class Watched:
    """A breaker, and the clock that it goes by."""

    def __init__(self) -> None:
        self.now = NOW
        self.breaker = Breaker(lambda: self.now)

    async def answered(self, origin: str = SICK) -> None:
        async with self.breaker.turn(origin):
            pass

    async def fails(self, origin: str = SICK) -> None:
        with pytest.raises(TimeoutError):
            async with self.breaker.turn(origin):
                await asyncio.sleep(0)
                raise TimeoutError

    async def left_alone(self, origin: str = SICK) -> timedelta:
        with pytest.raises(LeftAlone) as pause:
            await self.answered(origin)
        return pause.value.after

    @asynccontextmanager
    async def held(self, count: int, origin: str = SICK) -> AsyncIterator[None]:
        """So many sends are under way."""
        async with AsyncExitStack() as stack:
            for _ in range(count):
                await stack.enter_async_context(self.breaker.turn(origin))
            yield


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    monkeypatch.setattr(web_push_breaker, "PATIENCE", 0.01)
    return Watched()


async def test_after_some_failures_in_a_row_it_is_left_alone_longer_and_longer(watched: Watched) -> None:
    """One probe ends each pause; all others come back later. The operator is told once."""
    with capture_logs() as logs:
        for _ in range(TOLERATED):
            await watched.fails()
        pauses = []
        for _ in range(8):
            pauses.append(await watched.left_alone())
            watched.now += pauses[-1]
            async with watched.held(1):
                assert await watched.left_alone() < FIRST_PAUSE
            # That probe was answered, so start over: what follows is one that was not.
            for _ in range(TOLERATED):
                await watched.fails()
    assert all(FIRST_PAUSE <= pause <= FIRST_PAUSE * 1.2 for pause in pauses)
    assert {entry["origin"] for entry in logs} == {SICK}
    with capture_logs() as logs:
        for _ in range(8):
            watched.now += (pause := await watched.left_alone())
            await watched.fails()
    assert LONGEST_PAUSE <= pause <= LONGEST_PAUSE * 1.2
    assert logs == []


async def test_failures_with_an_answer_between_them_are_everyday(watched: Watched) -> None:
    """Only those in a row count; and what fails together is one failure as far as the pause goes."""
    for _ in range(3 * TOLERATED):
        await watched.fails()
        await watched.answered()
    results = await asyncio.gather(*(watched.fails() for _ in range(A_FEW)))
    assert len(results) == A_FEW
    assert await watched.left_alone() <= FIRST_PAUSE * 1.2


async def test_one_that_has_not_answered_yet_gets_a_few_and_then_all(watched: Watched) -> None:
    """The others wait for the first answer, and no longer than a moment."""
    async with watched.held(A_FEW):
        assert await watched.left_alone() > timedelta(0)
        await watched.answered(WELL)
    async with watched.held(10 * A_FEW):
        pass


async def test_who_waits_goes_on_with_the_first_answer(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cold start puts nothing off."""
    monkeypatch.setattr(web_push_breaker, "PATIENCE", 60)
    async with AsyncExitStack() as others:
        for _ in range(A_FEW - 1):
            await others.enter_async_context(watched.breaker.turn(SICK))
        async with watched.held(1):
            waiting = [asyncio.create_task(watched.answered()) for _ in range(20)]
            await asyncio.sleep(0)
            assert not any(task.done() for task in waiting)
        await asyncio.wait_for(asyncio.gather(*waiting), 10)


async def test_one_that_falls_silent_gets_no_more_than_a_few(watched: Watched) -> None:
    """What it answered a while ago does not help: a moment later nothing more is begun there."""
    await watched.answered()
    async with watched.held(3 * A_FEW):
        await asyncio.sleep(0.02)
        await watched.left_alone()
        await watched.answered(WELL)
    await watched.answered()


async def test_a_probe_that_is_cut_short_says_nothing(watched: Watched) -> None:
    """The next one is a probe too."""
    for _ in range(TOLERATED):
        await watched.fails()
    watched.now += await watched.left_alone()
    with pytest.raises(asyncio.CancelledError):
        async with watched.breaker.turn(SICK):
            raise asyncio.CancelledError
    async with watched.held(1):
        await watched.left_alone()


async def test_made_up_origins_do_not_pile_up(watched: Watched) -> None:
    """Anybody can subscribe with a subdomain that is not there."""
    for number in range(1000):
        await watched.fails(f"https://x{number}.notify.windows.com")
    assert len(watched.breaker._origins) <= 256


async def test_many_sends_to_a_silent_service_hold_up_no_other(
    desk: Desk, push_service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of forty only a few are sent there; the rest come back later, and what is for others arrives meanwhile."""
    monkeypatch.setattr(web_push_breaker, "PATIENCE", 0.05)
    asked, over = 0, asyncio.Event()

    async def silence(_: Any) -> None:
        nonlocal asked
        asked += 1
        await over.wait()

    async with raw_server(silence) as origin:
        for number in range(40):
            device = push_service.add(f"s{number}")
            await desk.subscribe(replace(device, endpoint=f"{origin}/x{number}", user_id=f"u{number}"))
        await desk.subscribe(push_service.add("well"))
        channel = desk.make(origin, deadline=60.0)
        begun = [asyncio.create_task(channel.send(message(user=user(f"u{number}")))) for number in range(40)]
        put_off = 40 - A_FEW
        for ended in asyncio.as_completed(begun):
            result = await asyncio.wait_for(ended, 20)
            assert result.outcome == "retry"
            assert result.after is not None
            put_off -= 1
            if not put_off:
                break
        assert (await asyncio.wait_for(channel.send(message()), 20)).outcome == "sent"
        over.set()
        last = [result for result in await asyncio.gather(*begun) if result.after is None]
    assert asked == len(last) == A_FEW


async def test_a_clock_that_is_set_back_lengthens_no_pause(watched: Watched) -> None:
    """Neither that of a silent service nor that of one that refuses our key."""
    keys = KeyPair()
    vapid = Vapid(keys.private, keys.public, OWNER)
    for person in range(SEVERAL):
        vapid.refused(SICK, (TENANT, str(person)), watched.now)
    for _ in range(TOLERATED):
        await watched.fails()
    assert vapid.pause(SICK, watched.now)
    await watched.left_alone()
    watched.now -= timedelta(days=1)
    assert vapid.pause(SICK, watched.now) is None
    await watched.answered()
