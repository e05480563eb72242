"""Live frames on their way to the sockets: within one process, or between processes through Redis or Valkey.

A frame is a hint and may be lost; the inbox is the truth, and the version in each frame lets a client notice.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any, Protocol

import redis.asyncio
import structlog

Listener = Callable[[str, str, dict[str, Any]], None]
"""Called with tenant, user id and frame; must not block and must not raise."""

log = structlog.get_logger(__name__)

_CHANNEL = "punctual:live"
_FIRST_PAUSE, _LONGEST_PAUSE = 1, 30


class Bus(Protocol):
    async def publish(self, tenant: str, user_id: str, frame: dict[str, Any]) -> None:
        """Sends a frame to all sockets of a user; never raises for a lost one."""

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Calls `listener` for every frame from now on; the result ends that."""

    async def start(self) -> None: ...
    async def close(self) -> None: ...


class LocalBus:
    """Frames within this process."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    async def publish(self, tenant: str, user_id: str, frame: dict[str, Any]) -> None:
        self.emit(tenant, user_id, frame)

    def emit(self, tenant: str, user_id: str, frame: dict[str, Any]) -> None:
        for listener in list(self._listeners):
            listener(tenant, user_id, frame)

    def listen(self, listener: Listener) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def start(self) -> None: ...

    async def close(self) -> None: ...


class RedisBus(LocalBus):
    """Frames through one pub/sub channel of a Redis or Valkey server, re-subscribed for as long as it takes."""

    def __init__(self, url: str) -> None:
        super().__init__()
        # Publishing is a hint on the way to somebody's reminder: it may fail, and it may not take long.
        self._publisher = redis.asyncio.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1)
        self._redis = redis.asyncio.Redis.from_url(url, socket_connect_timeout=3, health_check_interval=10)
        self._reader: asyncio.Task[None] | None = None
        self.subscribed = asyncio.Event()

    async def publish(self, tenant: str, user_id: str, frame: dict[str, Any]) -> None:
        try:
            await self._publisher.publish(_CHANNEL, json.dumps([tenant, user_id, frame]))
        except (redis.exceptions.RedisError, OSError) as error:
            log.warning("live_frame_lost", error=type(error).__name__)

    async def start(self) -> None:
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                async with self._redis.pubsub() as pubsub:
                    await pubsub.subscribe(_CHANNEL)
                    pause = _FIRST_PAUSE
                    async for message in pubsub.listen():
                        if message["type"] == "subscribe":
                            self.subscribed.set()
                        elif message["type"] == "message":
                            self.emit(*json.loads(message["data"]))
            except (redis.exceptions.RedisError, OSError) as error:
                self.subscribed.clear()
                log.warning("live_bus_down", error=type(error).__name__, next_try_in_seconds=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def close(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
        await self._publisher.aclose()
        await self._redis.aclose()
