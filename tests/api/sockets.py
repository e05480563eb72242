"""A real server and its sockets, for the tests of `/v1/ws`. Every frame heard has the shape that is documented."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import reduce
from operator import or_
from typing import Annotated, Any

import pytest
from fastapi import FastAPI
from pydantic import Field, TypeAdapter
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

import tests.server
from api.live_messages import SERVER_FRAMES
from api.live_server import OPTIONS, Protocol
from tests.api.conftest import World, notification
from tests.server import Server

PATH = "/v1/notifications"
FRAME: TypeAdapter[Any] = TypeAdapter(Annotated[reduce(or_, SERVER_FRAMES), Field(discriminator="type")])


class Socket:
    """A client that speaks frames."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, type_: str, **values: Any) -> None:
        await self.connection.send(json.dumps({"type": type_, **values}))

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(10):
            text = await self.connection.recv()
        FRAME.validate_json(text, strict=True)
        found: dict[str, Any] = json.loads(text)
        return found

    async def ask(self, type_: str, **values: Any) -> dict[str, Any]:
        await self.say(type_, **values)
        return await self.hear()

    async def closed(self) -> int | None:
        """The code that the server closed with, whatever came before."""
        async with asyncio.timeout(10):
            try:
                while True:
                    await self.connection.recv()
            except ConnectionClosed as error:
                return error.rcvd.code if error.rcvd else None


class Live:
    """A world behind a real server."""

    def __init__(self, world: World, server: Server) -> None:
        self.world = world
        self.server = server
        self.url = f"ws://127.0.0.1:{server.port}/v1/ws"

    @property
    def hub(self) -> Any:
        return self.world.app.state.hub

    def on_leave(self, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
        """Set once a socket has left the hub."""
        left = asyncio.Event()
        leave: Callable[[Any], None] = self.hub.leave
        monkeypatch.setattr(self.hub, "leave", lambda listener: (leave(listener), left.set()))
        return left

    def on_lost(self, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
        """Set once the server has let go of a connection."""
        gone = asyncio.Event()
        lost = Protocol.connection_lost
        monkeypatch.setattr(Protocol, "connection_lost", lambda self, error: (lost(self, error), gone.set()))
        return gone

    @asynccontextmanager
    async def raw(self, **options: Any) -> AsyncIterator[Socket]:
        async with connect(self.url, proxy=None, close_timeout=1, compression=None, **options) as connection:
            yield Socket(connection)

    @asynccontextmanager
    async def socket(self, **who: Any) -> AsyncIterator[Socket]:
        """A socket that has said who it is, and heard that it is ready."""
        async with self.raw() as socket:
            ready = await socket.ask("auth", token=self.world.token(**who))
            assert ready["type"] == "ready"
            yield socket

    def publish(self, id_: str, *, user: str = "asha", tenant: str = "acme", **changes: Any) -> None:
        frame = {
            "type": "new_notification", "notification": notification(user, id_, **changes).public(),
            "unread_count": 7, "version": 9,
        }  # fmt: skip
        self.world.ours.bus.emit(tenant, user, frame)  # type: ignore[attr-defined]

    def announce(self, id_: str) -> None:
        frame = {"type": "announcement", "notification": notification("asha", id_, category="system").public()}
        self.world.ours.bus.emit("acme", "asha", frame)  # type: ignore[attr-defined]


@asynccontextmanager
async def serving(app: FastAPI, **options: Any) -> AsyncIterator[Server]:
    """A server as it runs in production; `options` of uvicorn's may be others."""
    async with tests.server.serving(app, **{**OPTIONS, **options}) as server:
        yield server


@pytest.fixture
async def server(world: World) -> AsyncIterator[Live]:
    async with serving(world.app) as served:
        yield Live(world, served)
