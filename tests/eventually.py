"""Waiting for what happens elsewhere, with a limit."""

import asyncio
import time
from collections.abc import Awaitable, Callable


async def eventually(condition: Callable[[], Awaitable[object]], *, within: float = 15) -> None:
    """Returns once `condition` holds; fails after `within` seconds."""
    deadline = time.monotonic() + within
    while not await condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"did not happen within {within} s")
        await asyncio.sleep(0.05)
