"""Several API processes over one database, through a real Valkey: what happens on one reaches the sockets of all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
import redis.asyncio

from api import resync
from store.bus import EVERYBODY, RedisBus
from tests.api.conftest import World
from tests.api.sockets import PATH, Live, server, serving
from tests.application import application

__all__ = ["server"]


@asynccontextmanager
async def process(world: World, valkey: str) -> AsyncIterator[World]:
    """Another API process over the database of `world`."""
    bus = RedisBus(valkey, pause=0.01)
    await bus.start()
    try:
        await asyncio.wait_for(bus.subscribed.wait(), 10)
        ours = replace(world.ours, bus=bus)
        app = application(ours)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
            yield World(app, ours, world.temporal, http)
    finally:
        await bus.close()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inboxes are read anew without waiting for other processes' turn."""
    monkeypatch.setattr(resync, "JITTER", 0)
    monkeypatch.setattr(resync, "PAUSE", 0)


async def test_a_change_on_one_process_reaches_the_sockets_of_another(world: World, valkey: str) -> None:
    """By HTTP and by socket, in both directions."""
    await world.notify("asha", "n1", "n2", "n3")
    async with (
        process(world, valkey) as a, process(world, valkey) as b, serving(b.app) as served,
        Live(b, served).socket() as socket,
    ):  # fmt: skip
        assert (await a.call("PATCH", f"{PATH}/n1", json={"read": True})).status_code == 200
        heard = await socket.hear()
        assert (heard["type"], heard["notification"]["id"], heard["version"]) == ("notification_updated", "n1", 2)
        assert (await a.call("POST", f"{PATH}/mark-all-read")).json() == {"count": 0, "version": 3}
        assert await socket.hear() == {"type": "unread_count", "count": 0, "version": 3}
        async with serving(a.app) as first, Live(a, first).socket() as other:
            await socket.say("mark_as_read", notification_id="n1")
            assert (await socket.hear())["version"] == 3
            await b.call("PATCH", f"{PATH}/n1", json={"read": False})
            assert (await other.hear())["version"] == (await socket.hear())["version"] == 4


async def test_what_was_missed_while_the_bus_was_cut_is_told_by_count_and_version(world: World, valkey: str) -> None:
    """Sockets stay open, and those who are here hear where their inboxes are now."""
    await world.notify("asha", "n1")
    async with process(world, valkey) as b, serving(b.app) as served:
        live = Live(b, served)
        async with live.socket() as asha, live.socket(user="ben") as ben, live.socket() as second:
            await world.call("PATCH", f"{PATH}/n1", json={"read": True})  # told on another bus, so it is lost
            async with redis.asyncio.Redis.from_url(valkey) as admin:
                await admin.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            for socket in (asha, second):
                assert await socket.hear() == {"type": "unread_count", "count": 0, "version": 2}
            assert await ben.hear() == {"type": "unread_count", "count": 0, "version": 0}


async def test_after_a_gap_each_inbox_is_read_once_and_few_at_a_time(
    server: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many sockets somebody has, however often gaps are told, and in one transaction at a time."""
    monkeypatch.setattr(resync, "AT_ONCE", 2)
    asked: list[list[str]] = []
    reading = 0
    versions = resync.inbox.versions

    async def counted(db: Any, tenant: str, people: Any) -> Any:
        nonlocal reading
        reading += 1
        assert reading == 1
        asked.append([tenant, *people])
        found = await versions(db, tenant, people)
        reading -= 1
        return found

    monkeypatch.setattr(resync.inbox, "versions", counted)
    async with (
        server.socket() as one, server.socket() as two, server.socket(user="ben") as ben,
        server.socket(user="chris") as chris, server.socket(tenant="other") as other,
    ):  # fmt: skip
        for owner in (EVERYBODY, EVERYBODY, ("acme", "ben"), ("acme", "nobody")):
            server.world.ours.bus.miss(owner)  # type: ignore[attr-defined]
        for socket in (one, two, ben, chris, other):
            assert (await socket.hear())["type"] == "unread_count"
            assert await socket.ask("ping") == {"type": "pong"}
        server.world.ours.bus.miss(("acme", "ben"))  # type: ignore[attr-defined]
        assert (await ben.hear())["type"] == "unread_count"
    assert asked == [["acme", "asha", "ben"], ["acme", "chris"], ["other", "asha"], ["acme", "ben"]]


async def test_a_gap_is_told_even_when_the_database_is_away_at_first(
    server: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An outage often takes both; those who are here are told as soon as it can be known."""
    monkeypatch.setattr(resync, "RETRY", 0)
    versions, failures = resync.inbox.versions, iter([OSError("away"), OSError("away")])

    async def failing(*args: Any) -> Any:
        for error in failures:
            raise error
        return await versions(*args)

    monkeypatch.setattr(resync.inbox, "versions", failing)
    await server.world.notify("asha", "n1")
    async with server.socket() as socket:
        server.world.ours.bus.miss(("acme", "asha"))  # type: ignore[attr-defined]
        assert await socket.hear() == {"type": "unread_count", "count": 1, "version": 1}
