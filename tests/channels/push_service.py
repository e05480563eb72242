"""A push service on loopback: strict about VAPID and encryption, and it answers as it is told to."""

import asyncio
import json
import os
import socket
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import http_ece
import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from store.subscriptions import Subscription

OWNER = "mailto:ops@example.com"
SECRET_PATH = "/push/planted-endpoint-secret"


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@dataclass
class KeyPair:
    """A VAPID key pair in the form of the settings."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def private(self) -> str:
        return base64url(self.key.private_numbers().private_value.to_bytes(32, "big"))

    @property
    def public(self) -> str:
        return base64url(_point(self.key))


@dataclass
class Browser:
    """What a browser keeps of its subscription. `vapid`: what it was subscribed for; None: the service's own."""

    id: str
    vapid: KeyPair | None = None
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: os.urandom(16))

    def subscription(self, endpoint: str, user_id: str = "asha") -> Subscription:
        keys = base64url(_point(self.key)), base64url(self.auth)
        made_for = self.vapid.public if self.vapid else None
        return Subscription(self.id, user_id, endpoint, *keys, "Test browser", datetime.now(UTC), vapid_key=made_for)

    def read(self, body: bytes) -> bytes:
        plain: bytes = http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm")
        return plain


@dataclass(frozen=True)
class Push:
    """One push that was well formed."""

    device: str
    headers: dict[str, str]
    claims: dict[str, Any]
    plain: bytes

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.plain)
        return found


Answer = web.Response | Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class PushService:
    """`answers` are given in turn to the device of that id, 201 when there are none left."""

    vapid: KeyPair
    origin: str = ""
    browsers: dict[str, Browser] = field(default_factory=dict)
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    received: list[Push] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)
    elsewhere: int = 0
    """Requests to other paths than a device's: where redirects lead."""
    malformed: list[str] = field(default_factory=list)
    """What was wrong with pushes that could not be verified or read."""
    start: Callable[[], Awaitable[None]] | None = None
    """Opens a service that was not open from the start."""

    def add(self, id_: str, vapid: KeyPair | None = None) -> Subscription:
        """A new browser, subscribed here."""
        self.browsers[id_] = Browser(id_, vapid)
        return self.browsers[id_].subscription(f"{self.origin}{SECRET_PATH}/{id_}?token=planted-token")

    async def handle(self, request: web.Request) -> web.StreamResponse:
        device = request.match_info["device"]
        body = await request.read()
        try:
            browser = self.browsers[device]
            claims = self._verified(request.headers["Authorization"], browser.vapid or self.vapid)
            plain = browser.read(body)
        except (KeyError, ValueError, jwt.InvalidTokenError, http_ece.ECEException) as error:
            self.malformed.append(repr(error))
            return web.Response(status=400, text=repr(error))
        push = Push(device, dict(request.headers), claims, plain)
        self.received.append(push)
        self.connections.add(request.transport)
        answer = self.next_answer(push)
        return await answer(request) if callable(answer) else answer

    def next_answer(self, push: Push) -> Answer:
        answers = self.answers.get(push.device)
        return answers.pop(0) if answers else web.Response(status=201)

    def _verified(self, header: str, expected: KeyPair) -> dict[str, Any]:
        scheme, _, parameters = header.partition(" ")
        parts = dict(part.split("=", 1) for part in parameters.split(","))
        if scheme != "vapid" or parts["k"] != expected.public:
            raise ValueError("not the key that the browser subscribed with")
        claims: dict[str, Any] = jwt.decode(
            parts["t"], expected.key.public_key(), algorithms=["ES256"], audience=self.origin,
            options={"require": ["aud", "exp", "sub"]},
        )  # fmt: skip
        return claims

    async def handle_elsewhere(self, request: web.Request) -> web.StreamResponse:
        self.elsewhere += 1
        return web.Response(status=201)


@asynccontextmanager
async def running(service: PushService | None = None, *, is_open: bool = True) -> AsyncIterator[PushService]:
    """`service`, or a new one, on a port of its own; one that is not open refuses connections until its `start`."""
    service = service or PushService(KeyPair())
    app = web.Application()
    app.router.add_post(f"{SECRET_PATH}/{{device}}", service.handle)
    app.router.add_route("*", "/{rest:.*}", service.handle_elsewhere)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        service.origin = f"http://127.0.0.1:{bound.getsockname()[1]}"
        service.start = web.SockSite(runner, bound).start
        if is_open:
            await service.start()
        try:
            yield service
        finally:
            await runner.cleanup()


@asynccontextmanager
async def raw_server(handle: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[str]:
    """The origin of a server that reads a request's head and then leaves its connection to `handle`."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await handle(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def answer(status: int, **headers: str) -> web.Response:
    """An answer without a body; `Retry_After` stands for the header Retry-After."""
    return web.Response(status=status, headers={key.replace("_", "-"): value for key, value in headers.items()})
