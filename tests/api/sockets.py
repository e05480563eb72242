"""A real server and its sockets, for the tests of `/v1/ws`."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.api.conftest import World, notification, serving

PATH = "/v1/notifications"


class Socket:
    """A client that speaks frames."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, type_: str, **values: Any) -> None:
        await self.connection.send(json.dumps({"type": type_, **values}))

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(10):
            found: dict[str, Any] = json.loads(await self.connection.recv())
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

    def __init__(self, world: World, port: int) -> None:
        self.world = world
        self.url = f"ws://127.0.0.1:{port}/v1/ws"

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


@pytest.fixture
async def server(world: World) -> AsyncIterator[Live]:
    async with serving(world.app) as port:
        yield Live(world, port)
