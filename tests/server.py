"""A real uvicorn around an application, for the length of a block."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import uvicorn
from fastapi import FastAPI


class Server(uvicorn.Server):
    """Begins and ends when it is told to, where uvicorn looks only every tenth of a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.port = 0
        self.up = asyncio.Event()
        self.over = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.port = self.servers[0].sockets[0].getsockname()[1]
        self.up.set()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.over.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does it: nobody new, those who are there are let go, then the application ends."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        tasks = list(self.server_state.tasks)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self.config.timeout_graceful_shutdown)
            for task in late:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*late, return_exceptions=True)
        await self.lifespan.shutdown()


def listening() -> socket.socket:
    """A socket on a free port."""
    return socket.create_server(("127.0.0.1", 0))


@asynccontextmanager
async def serving(app: FastAPI, listener: socket.socket | None = None, **options: Any) -> AsyncIterator[Server]:
    """A server of `app`, lifespan included, on a free port unless it is given one; `options` are uvicorn's."""
    server = Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=2, **options))
    task = asyncio.create_task(server.serve(sockets=[listener or listening()]))
    await server.up.wait()
    try:
        yield server
    finally:
        server.over.set()
        await task
