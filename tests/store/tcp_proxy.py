"""A TCP proxy that can go silent without closing anything, as networks do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


class Proxy:
    """Passes bytes on until it is told to swallow them."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self._sent: dict[asyncio.StreamWriter, bytes] = {}
        self._silent: set[asyncio.StreamWriter] = set()
        self.swallows_all = False
        self.port = 0

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def silence(self, word: bytes) -> int:
        """Swallows what is said on connections over which `word` went; how many those are."""
        found = {client for client, sent in self._sent.items() if word in sent}
        self._silent |= found
        return len(found)

    async def serve(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        there, server = await asyncio.open_connection(self._target.hostname, self._target.port)
        self._sent[client] = b""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass(reader, server, client))
                group.create_task(self._pass(there, client, client))
        except* OSError:
            pass
        finally:
            del self._sent[client]
            self._silent.discard(client)
            client.close()
            server.close()

    async def _pass(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, client: asyncio.StreamWriter
    ) -> None:
        while data := await source.read(65536):
            if target is not client:
                self._sent[client] = (self._sent[client] + data)[-10_000:]
            if client not in self._silent and not self.swallows_all:
                target.write(data)
                await target.drain()
        raise ConnectionResetError  # ends the other direction too


@asynccontextmanager
async def proxied(target: str) -> AsyncIterator[Proxy]:
    """A proxy in front of the server whose URL is `target`."""
    proxy = Proxy(target)
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(proxy.serve(reader, client)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
