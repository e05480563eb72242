"""SendGrid's mail API on loopback: it answers as it is told to, and keeps what a real one might deliver."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any

KEY = "SG.planted-api-key"


@dataclass(frozen=True)
class Act:
    """What is done with one request; `status=None` answers nothing, and `hangs` until the caller goes away."""

    status: int | None = 202
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    reads: bool = True
    hangs: bool = False
    drips: bytes = b""
    """Said again and again, instead of an answer or after its head."""

    @property
    def may_deliver(self) -> bool:
        """Whoever reads a mail and does not refuse it may deliver it, whatever they say."""
        return self.reads and (self.status is None or self.status < 300 or self.status >= 500)


STALL = Act(None, hangs=True)
CUT = Act(None)
DRIP = Act(None, drips=b"H")


@dataclass(frozen=True)
class Posted:
    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def delivery(self) -> str:
        found: str = self.body["personalizations"][0]["custom_args"]["punctual_delivery"]
        return found


@dataclass
class SendGridApi:
    """`act` says what to do with each request, `unread` what is done at once with some."""

    act: Callable[[Posted], Act]
    unread: Callable[[], Act | None] = lambda: None
    origin: str = ""
    connections: int = 0
    posted: list[Posted] = field(default_factory=list)
    kept: Counter[str] = field(default_factory=Counter)
    """How often each delivery may reach its recipient."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._talk(reader, writer)
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        act = self.unread()
        if act is None:
            posted = await _read(reader)
            self.posted.append(posted)
            act = self.act(posted)
            self.kept[posted.delivery] += act.may_deliver
        if act.status is not None:
            length = {} if act.drips else {"Content-Length": str(len(act.body))}
            lines = [f"{name}: {value}\r\n" for name, value in {**act.headers, **length}.items()]
            writer.write(f"HTTP/1.1 {act.status} x\r\n{''.join(lines)}\r\n".encode() + act.body)
        while act.drips:
            writer.write(act.drips)
            await writer.drain()
            await asyncio.sleep(0.02)
        if act.hangs:
            await reader.read()


async def _read(reader: asyncio.StreamReader) -> Posted:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers["content-length"]))
    return Posted(head[0].split()[1], headers, json.loads(body))


@asynccontextmanager
async def sendgrid_api(*acts: Act, tls: SSLContext | None = None) -> AsyncIterator[SendGridApi]:
    """One that does `acts` one after another, and takes every mail from then on."""
    left = list(acts)
    api = SendGridApi(lambda _: left.pop(0) if left else Act())
    server = await asyncio.start_server(api.serve, "127.0.0.1", 0, ssl=tls)
    api.origin = f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield api
    finally:
        server.close()
