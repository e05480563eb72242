"""A provider that Apprise reaches by HTTP, answering as it is told to."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Provider:
    """`asked` holds (path, body) of each request; `answers` are statuses, the last one for ever."""

    answers: list[int] = field(default_factory=lambda: [200])
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    heard: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    port: int = 0

    @property
    def origin(self) -> str:
        """As Apprise's own JSON service names it."""
        return f"json://127.0.0.1:{self.port}"

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append((request.path, json.loads(await request.read() or b"{}")))
        self.heard.release()
        await self.may_answer.wait()
        status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return web.Response(status=status, headers={"Location": "/elsewhere"} if status // 100 == 3 else {})


@asynccontextmanager
async def running(*answers: int, silent: bool = False) -> AsyncIterator[Provider]:
    provider = Provider(list(answers) or [200])
    if not silent:
        provider.may_answer.set()
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", provider.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    provider.port = runner.addresses[0][1]
    try:
        yield provider
    finally:
        provider.may_answer.set()
        await runner.cleanup()
