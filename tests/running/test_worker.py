"""The workers of one process, as it starts and stops them."""

import asyncio
from contextlib import AsyncExitStack
from types import SimpleNamespace
from typing import Any

import pytest

import worker


class Stopping:
    """A worker with something under way: it ends when all have been told to."""

    def __init__(self, told: asyncio.Barrier) -> None:
        self._told = told
        self._ended = asyncio.Event()

    async def __aenter__(self) -> None:
        pass

    async def shutdown(self) -> None:
        if not self._ended.is_set():
            await asyncio.wait_for(self._told.wait(), 3)
            self._ended.set()

    async def __aexit__(self, *_: object) -> None:
        await self.shutdown()


async def test_workers_stop_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """None goes on taking work while others have their grace, and the graces do not add up."""
    told = asyncio.Barrier(3)

    async def connected(_: Any) -> None:
        pass

    monkeypatch.setattr(worker, "_connected", connected)
    monkeypatch.setattr(worker, "workers", lambda *_: ([Stopping(told) for _ in range(3)], AsyncExitStack()))
    for beside in ("Sweep", "Rescue"):
        monkeypatch.setattr(worker, beside, lambda *_: Idle())
    async with worker.running(SimpleNamespace(settings=None, database=None, bus=None)):  # type: ignore[arg-type]
        pass


class Idle:
    async def run(self) -> None:
        await asyncio.Event().wait()
