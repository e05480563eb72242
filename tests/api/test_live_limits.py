"""What a socket may not do, and how it ends."""

import asyncio
import json

import pytest
from websockets.asyncio.client import connect

from api import hub, inbox_changes, live, live_messages, live_server
from api.live_queue import WAITING, WAITING_BYTES
from api.live_server import OPTIONS
from tests.api.conftest import World
from tests.api.sockets import Live, Socket, server, serving

__all__ = ["server"]


async def test_too_large_frames_close_with_1009(server: Live) -> None:
    """16 KiB is the most that a client has to say; its very first message included."""
    async with server.socket() as socket:
        await socket.connection.send(json.dumps({"type": "ping", "pad": "x" * 16 * 1024}))
        assert await socket.closed() == 1009
    async with server.raw() as socket:
        await socket.connection.send("x" * (16 * 1024 + 1))
        assert await socket.closed() == 1009


async def test_who_is_too_slow_is_sent_away_with_1013(server: Live) -> None:
    """More frames than may wait for one socket end it; the others of the same user stay."""
    async with server.socket() as slow:
        for number in range(WAITING + 1):
            server.publish(f"n{number}")
        assert await slow.closed() == 1013
    async with server.socket() as socket:
        assert await socket.ask("ping") == {"type": "pong"}


async def test_who_never_reads_is_let_go(server: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """Little waits for it in memory, the others go on meanwhile, and in the end its connection is gone as well."""
    monkeypatch.setattr(live, "CLOSE_WITHIN", 0.05)
    monkeypatch.setattr(live_server, "LINGER", 0.05)
    left, gone = server.on_leave(monkeypatch), server.on_lost(monkeypatch)
    async with server.socket() as deaf, server.socket(user="ben") as ben:
        deaf.connection.transport.pause_reading()
        session = server.hub._listeners["acme", "asha"][0]
        number = most = size = 0
        while not left.is_set():
            server.publish(f"n{number}", message="x" * 50_000)
            most, size = max(most, len(session.outbox)), max(size, session.outbox.size)
            server.publish(f"n{number}", user="ben")
            assert (await ben.hear())["notification"]["id"] == f"n{number}"
            number += 1
        assert most <= WAITING
        assert 50_000 < size <= WAITING_BYTES
        async with asyncio.timeout(10):
            await gone.wait()
        assert await ben.ask("ping") == {"type": "pong"}
        deaf.connection.transport.abort()


@pytest.mark.parametrize("waiting", [0, 3])
async def test_who_does_not_answer_pings_is_let_go(
    world: World, monkeypatch: pytest.MonkeyPatch, waiting: int
) -> None:
    """The server pings, and notices a client that is gone without a word; in production after at most 40 s.

    So it is whether the network still takes what is said to it, or frames wait for it already.
    """
    assert OPTIONS["ws_ping_interval"] + OPTIONS["ws_ping_timeout"] == 40
    monkeypatch.setattr(live_server, "LINGER", 0.05)
    async with serving(world.app, ws_ping_interval=0.05, ws_ping_timeout=0.05) as served:
        server = Live(world, served)
        left = server.on_leave(monkeypatch)
        async with server.socket() as dead:
            dead.connection.transport.pause_reading()
            session = server.hub._listeners["acme", "asha"][0]
            while len(session.outbox) < waiting:
                server.publish("n1", message="x" * 50_000)
                await asyncio.sleep(0)
            async with asyncio.timeout(10):
                await left.wait()
            dead.connection.transport.abort()


async def test_a_flood_of_messages_is_closed_with_1008(server: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many at once and so many a second; whoever talks more does not slow down the others."""
    monkeypatch.setattr(live_messages, "AT_ONCE", 20)
    monkeypatch.setattr(live_messages, "PER_SECOND", 0.001)
    async with server.socket() as loud, server.socket() as other:
        for _ in range(20):
            assert await loud.ask("ping") == {"type": "pong"}
        await loud.connection.send("{")
        assert await loud.closed() == 1008
        assert await other.ask("ping") == {"type": "pong"}


async def test_a_user_has_a_limited_number_of_sockets(server: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """One person cannot use up the server; who leaves makes room."""
    monkeypatch.setattr(hub, "SOCKETS_OF_ONE", 1)
    left = server.on_leave(monkeypatch)
    async with server.socket(), server.raw() as second:
        await second.say("auth", token=server.world.token())
        assert await second.closed() == 1013
        assert not left.is_set()
    await left.wait()
    async with server.socket():
        pass


async def test_what_happens_while_the_socket_opens_is_not_missed(server: Live) -> None:
    """A frame that arrives before the first count is read waits behind `ready`."""
    server.hub.join, join = (
        lambda listener: (join(listener), server.publish("early"))[0],
        server.hub.join,
    )
    async with server.socket() as socket:
        assert (await socket.hear())["notification"]["id"] == "early"


async def test_a_restart_closes_with_1012(server: Live) -> None:
    """Clients know that they may come back at once."""
    async with server.socket() as socket:
        server.hub.close()
        assert await socket.closed() == 1012


async def test_a_server_that_stops_closes_with_1012(world: World) -> None:
    """The same when the process is told to end while sockets are open."""
    async with serving(world.app) as served:
        connection = await connect(Live(world, served).url, proxy=None)
        socket = Socket(connection)
        await socket.ask("auth", token=world.token())
    assert await socket.closed() == 1012
    assert world.app.state.hub._listeners == {}
    await connection.close()


async def test_an_unforeseen_error_closes_with_1011(server: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client is not left waiting."""
    async with server.socket() as socket:
        monkeypatch.setattr(inbox_changes, "count", lambda *_: 1 / 0)
        await socket.say("get_unread_count")
        assert await socket.closed() == 1011
