"""A push service that follows a script: what it says to each attempt, and what it took note of."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from itertools import count
from typing import Any

from aiohttp import web

from activities.channels.web_push_http import PushHttp
from punctual.push_endpoints import PushEndpoint
from tests.channels.push_service import Answer, KeyPair, Push, PushService, answer

TAKEN, GONE, RACE, AMBIGUOUS = "taken", "gone", "race", "ambiguous"

RETRY_AFTER = {
    "seconds": "120", "date": "DATE", "absent": None, "nonsense": "soon", "negative": "-5", "fraction": "1.5",
    "absurd": "99999999999999999999", "past date": "Thu, 01 Jan 1970 00:00:00 GMT", "empty": "", "zero": "0",
    "date without a zone": "Fri, 20 Nov 2099 09:00:00", "list": "120, 120",
}  # fmt: skip
BUSY = tuple(f"{status} {form}" for status in (429, 503) for form in RETRY_AFTER)
REDIRECTS = ("301", "302", "303", "307", "308")
REJECTED = ("400", "406", *REDIRECTS)
RETRIED = ("500", "502", "408", *BUSY)


class Clock:
    """The campaign's time: everybody's, and moved by the campaign alone."""

    def __init__(self, start: datetime) -> None:
        self.now = start
        self._ticks = count(1)

    def tick(self) -> datetime:
        """An instant of its own, however many there are at once."""
        return self.now + timedelta(microseconds=next(self._ticks))


class Impatient(PushHttp):
    """The deadline of a request comes when its service says so, and never because the machine is slow."""

    def __init__(self, *options: Any) -> None:
        super().__init__(*options)
        self._waiting: dict[bytes, tuple[asyncio.Timeout, asyncio.Event]] = {}

    async def post(self, endpoint: PushEndpoint, headers: Any, body: bytes, until: float) -> tuple[int, str | None]:
        ended = asyncio.Event()
        try:
            async with asyncio.timeout(60) as deadline:
                self._waiting[body] = deadline, ended
                return await super().post(endpoint, headers, body, until + 60)
        finally:
            del self._waiting[body]
            ended.set()

    async def end(self, body: bytes) -> None:
        """Lets the sender of `body` wait no longer."""
        deadline, ended = self._waiting[body]
        deadline.reschedule(asyncio.get_running_loop().time())
        await ended.wait()


@dataclass(frozen=True)
class Entry:
    """One attempt that a service could verify and read, and what it made of it: TAKEN, …, or what it answered."""

    service: str
    device: str
    notification_id: str
    at: datetime
    headers: dict[str, str]
    claims: dict[str, Any]
    tag: str
    verdict: str


@dataclass
class ScriptedService(PushService):
    """Answers from `scripts` by device and notification, and with what `usual` gives where there is nothing left."""

    name: str = ""
    clock: Clock = field(kw_only=True)
    http: Impatient = field(kw_only=True)
    log: list[Entry] = field(kw_only=True)
    resubscribe: Callable[[str], Awaitable[None]] = field(kw_only=True)
    usual: Callable[[Push], str] = field(kw_only=True)
    scripts: dict[tuple[str, str], Iterator[str]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    def next_answer(self, push: Push) -> Answer:
        note = push.document["notification"]
        script = self.scripts.setdefault((push.device, note["data"]["notification_id"]), iter(()))
        said = GONE if push.device in self.gone else next(script, None) or self.usual(push)
        verdict = {"endless": TAKEN, "slow": TAKEN, "drip": AMBIGUOUS, "silence": AMBIGUOUS, "cut": AMBIGUOUS}
        self.log.append(
            Entry(
                self.name, push.device, note["data"]["notification_id"], self.clock.now, push.headers, push.claims,
                note["tag"], verdict.get(said, said),
            )
        )  # fmt: skip
        return self._answers(said, push.device)

    def _answers(self, said: str, device: str) -> Answer:
        async def race(_: web.Request) -> web.Response:
            await self.resubscribe(device)
            return answer(410)

        if said == TAKEN:
            return answer(201)
        if said == GONE:
            self.gone.add(device)
            return answer(404 if len(self.gone) % 2 else 410)
        if said == RACE:
            return race
        by_hand: dict[str, Answer] = {
            "endless": _endless, "slow": _slow, "cut": _cut, "drip": self._drip, "silence": self._silence
        }  # fmt: skip
        if said in by_hand:
            return by_hand[said]
        status, _, form = said.partition(" ")
        headers = {"Location": f"{self.origin}/elsewhere"} if said in REDIRECTS else {}
        retry_after = RETRY_AFTER[form] if form else None
        if retry_after == "DATE":
            retry_after = format_datetime(self.clock.now + timedelta(minutes=3), usegmt=True)
        if retry_after is not None:
            headers["Retry-After"] = retry_after
        return answer(int(status), **headers)

    async def _drip(self, request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(b"HTTP/1.1 201 Created\r\nX-Slow: ")  # type: ignore[attr-defined]
        return await self._silence(request)

    async def _silence(self, request: web.Request) -> web.StreamResponse:
        await self.http.end(await request.read())
        return web.Response()


async def _cut(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _slow(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(0.02)
    return answer(201)


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(status=201)
    await response.prepare(request)
    while request.transport is not None and not request.transport.is_closing():
        await response.write(b"x" * 4096)
        await asyncio.sleep(0)
    return response


def service(name: str, vapid: KeyPair, **parts: Any) -> ScriptedService:
    return ScriptedService(vapid, name=name, **parts)
