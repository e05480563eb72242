"""What a socket may not do, and how it ends."""

import asyncio
import json

import pytest
from websockets.asyncio.client import connect

from api import hub, live
from tests.api.conftest import World, serving
from tests.api.sockets import Live, Socket, server

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
        for number in range(hub.WAITING + 1):
            server.publish(f"n{number}")
        assert await slow.closed() == 1013
    async with server.socket() as socket:
        assert await socket.ask("ping") == {"type": "pong"}


async def test_who_never_reads_is_let_go(server: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that stops reading blocks its own sending only, and does not hold its place for ever."""
    monkeypatch.setattr(live, "CLOSE_WITHIN", 0.05)
    left = asyncio.Event()
    leave = server.world.app.state.hub.leave
    monkeypatch.setattr(server.world.app.state.hub, "leave", lambda listener: (leave(listener), left.set()))
    async with server.socket() as socket:
        socket.connection.transport.pause_reading()
        for number in range(10_000):
            server.publish(f"n{number}", message="x" * 50_000)
            await asyncio.sleep(0)
            if left.is_set():
                break
        assert left.is_set()
        async with server.socket() as other:
            assert await other.ask("ping") == {"type": "pong"}
        socket.connection.transport.abort()


async def test_counts_never_pile_up(server: Live) -> None:
    """Of many counts that wait, the newest is sent."""
    async with server.socket() as socket:
        for number in range(hub.WAITING * 3):
            frame = {"type": "unread_count", "count": number, "version": number}
            server.world.ours.bus.emit("acme", "asha", frame)  # type: ignore[attr-defined]
        assert (await socket.hear())["count"] == hub.WAITING * 3 - 1
        assert await socket.ask("ping") == {"type": "pong"}


async def test_a_user_has_a_limited_number_of_sockets(server: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """One person cannot use up the server; who leaves makes room."""
    monkeypatch.setattr(hub, "SOCKETS_OF_ONE", 1)
    left = asyncio.Event()
    leave = server.world.app.state.hub.leave
    monkeypatch.setattr(server.world.app.state.hub, "leave", lambda listener: (leave(listener), left.set()))
    async with server.socket(), server.raw() as second:
        await second.say("auth", token=server.world.token())
        assert await second.closed() == 1013
        assert not left.is_set()
    await left.wait()
    async with server.socket():
        pass


async def test_what_happens_while_the_socket_opens_is_not_missed(server: Live) -> None:
    """A frame that arrives before the first count is read waits behind `ready`."""
    server.world.app.state.hub.join, join = (
        lambda listener: (join(listener), server.publish("early"))[0],
        server.world.app.state.hub.join,
    )
    async with server.socket() as socket:
        assert (await socket.hear())["notification"]["id"] == "early"


async def test_a_restart_closes_with_1012(server: Live) -> None:
    """Clients know that they may come back at once."""
    async with server.socket() as socket:
        server.world.app.state.hub.close()
        assert await socket.closed() == 1012


async def test_a_server_that_stops_closes_with_1012(world: World) -> None:
    """The same when the process is told to end while sockets are open."""
    async with serving(world.app) as port:
        connection = await connect(f"ws://127.0.0.1:{port}/v1/ws", proxy=None)
        socket = Socket(connection)
        await socket.ask("auth", token=world.token())
    assert await socket.closed() == 1012
    assert world.app.state.hub._listeners == {}
    await connection.close()


async def test_an_unforeseen_error_closes_with_1011(server: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client is not left waiting."""
    async with server.socket() as socket:
        monkeypatch.setattr(live.inbox_changes, "count", lambda *_: 1 / 0)
        await socket.say("get_unread_count")
        assert await socket.closed() == 1011
