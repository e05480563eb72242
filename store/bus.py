"""Live frames on their way to the sockets: within one process, or between processes through Redis or Valkey.

A frame is a hint and may be lost; the inbox is the truth, and the version in each frame lets a client notice. Where
this module knows that frames were lost, or may have been, it says so to its listeners: a gap.
"""

import asyncio
import json
import random
from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol
from uuid import uuid4

import redis.asyncio
import structlog
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

Frame = dict[str, Any]
Owner = tuple[str, str]
"""Whose inbox: tenant and user id."""
Addressed = tuple[str, str, Frame]
"""Tenant, user id and frame."""
Listener = Callable[[str, str, Frame], None]
"""Called with tenant, user id and frame; must not block and must not raise."""
Missed = Callable[[Owner], None]
"""Called with whose frames may have been lost, perhaps EVERYBODY's; must not block and must not raise."""

EVERYBODY: Owner = ("", "")

log = structlog.get_logger(__name__)

_CHANNEL = "punctual:live"
# Messages of the bus to itself. No tenant is empty, so they reach nobody's socket.
_CANARY, _GAP = "bus.canary", "bus.gap"
_BATCH = 500
_MOST_OWED = 1000
_LONGEST_PAUSE = 30.0


class Bus(Protocol):
    async def publish(self, tenant: str, user_id: str, frame: Frame) -> None:
        """Sends a frame to all sockets of a user; never raises for a lost one."""

    async def publish_all(self, frames: Sequence[Addressed]) -> None:
        """The same for many at once, in their order."""

    def listen(self, listener: Listener, missed: Missed | None = None) -> Callable[[], None]:
        """Calls `listener` for every frame from now on, and `missed` after a gap; the result ends that."""

    async def start(self) -> None: ...
    async def close(self) -> None: ...


class LocalBus:
    """Frames within this process."""

    def __init__(self) -> None:
        self._listeners: list[tuple[Listener, Missed | None]] = []

    async def publish(self, tenant: str, user_id: str, frame: Frame) -> None:
        await self.publish_all([(tenant, user_id, frame)])

    async def publish_all(self, frames: Sequence[Addressed]) -> None:
        for frame in frames:
            self.emit(*frame)

    def emit(self, tenant: str, user_id: str, frame: Frame) -> None:
        for listener, _ in list(self._listeners):
            listener(tenant, user_id, frame)

    def miss(self, owner: Owner = EVERYBODY) -> None:
        """Tells the listeners of a gap."""
        for _, missed in list(self._listeners):
            if missed is not None:
                missed(owner)

    def listen(self, listener: Listener, missed: Missed | None = None) -> Callable[[], None]:
        entry = (listener, missed)
        self._listeners.append(entry)
        return lambda: self._listeners.remove(entry)

    async def start(self) -> None: ...

    async def close(self) -> None: ...


class RedisBus(LocalBus):
    """Frames through one pub/sub channel of a Redis or Valkey server.

    A subscription can die silently while PING succeeds. So each bus publishes a canary every `canary_every` seconds,
    on the channel of the frames; when it hears none of its own for `silence` seconds it subscribes anew. Each new
    subscription is a gap for everybody. What could not be published is told as a gap to those it was meant for, as
    soon as publishing works again; until then it reaches the sockets of this process only.
    """

    def __init__(
        self, url: str, *, canary_every: float = 2.0, silence: float = 5.0, patience: float = 1.0, pause: float = 1.0
    ) -> None:
        """`patience`: how many seconds publishing may take; `pause`: the first wait before subscribing anew."""
        super().__init__()
        connect = redis.asyncio.Redis.from_url
        # A pooled connection may have been cut while it was idle, which only its next use tells.
        once_more = Retry(NoBackoff(), 1, (redis.exceptions.ConnectionError,))
        self._publisher = connect(url, socket_connect_timeout=patience, socket_timeout=patience, retry=once_more)
        # The library would subscribe anew by itself, and nobody would hear of the gap.
        self._subscriber = connect(url, socket_connect_timeout=silence, retry=Retry(NoBackoff(), 0))
        self._canary_every, self._silence, self._first_pause = canary_every, silence, pause
        self._pause = pause
        self._id = uuid4().hex
        self._is_up = True
        self._owed: set[Owner] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self.subscribed = asyncio.Event()

    async def publish_all(self, frames: Sequence[Addressed]) -> None:
        unsent: Collection[Addressed] = frames
        try:
            # While nothing gets through, only the canary waits to find out whether it does again.
            if self._is_up:
                await self._send(frames)
                unsent = ()
        except (RedisError, OSError) as error:
            self._is_up = False
            log.warning("live_frames_lost", error=type(error).__name__)
        finally:
            # Also when the caller had no more time for it.
            if unsent:
                self._owe(unsent)
                await super().publish_all(frames)

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._sing())]

    async def close(self) -> None:
        # `asyncio.wait_for` of Python 3.11, which the library uses, may swallow a cancellation.
        running = set(self._tasks)
        while running:
            for task in running:
                task.cancel()
            _, running = await asyncio.wait(running, timeout=0.1)
        await self._publisher.aclose()
        await self._subscriber.aclose()

    async def _send(self, frames: Sequence[Addressed]) -> None:
        for start in range(0, len(frames), _BATCH):
            async with self._publisher.pipeline(transaction=False) as pipe:
                for frame in frames[start : start + _BATCH]:
                    pipe.publish(_CHANNEL, json.dumps(frame))
                await pipe.execute()

    def _owe(self, frames: Collection[Addressed]) -> None:
        self._owed |= {(tenant, user_id) for tenant, user_id, _ in frames}
        if len(self._owed) > _MOST_OWED:
            self._owed = {EVERYBODY}

    async def _sing(self) -> None:
        """Publishes canaries, and the gaps that are owed."""
        while True:
            # At first too: a process that starts is busy with itself, and would take that for an outage.
            await asyncio.sleep(self._canary_every)
            owed, self._owed = self._owed, set()
            try:
                await self._send([("", self._id, {"type": _CANARY}), *((*owner, {"type": _GAP}) for owner in owed)])
                self._is_up = True
            except Exception as error:
                # Whatever it is, the next canary tries again.
                if self._is_up:
                    log.warning("live_bus_down", error=type(error).__name__)
                self._is_up = False
                self._owed |= owed

    async def _read(self) -> None:
        while True:
            try:
                await self._follow()
            except Exception as error:
                # Whatever it is, only a new subscription helps.
                log.warning("live_bus_silent", error=type(error).__name__, next_try_within_seconds=self._pause)
            self.subscribed.clear()
            # Processes should not come back in step.
            await asyncio.sleep(self._pause * random.uniform(0.5, 1))  # noqa: S311
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    async def _follow(self) -> None:
        """Listens for as long as our own canary is heard; raises TimeoutError (an OSError) when it is not."""
        now = asyncio.get_running_loop().time
        async with self._subscriber.pubsub() as pubsub, asyncio.timeout(self._silence) as patience:
            await pubsub.subscribe(_CHANNEL)
            async for message in pubsub.listen():
                if message["type"] == "subscribe":
                    self.subscribed.set()
                    self.miss()
                elif message["type"] == "message" and self._hear(message["data"]) == self._id:
                    self._pause = self._first_pause
                    patience.reschedule(now() + self._silence)

    def _hear(self, data: bytes) -> str | None:
        """Passes a message on; the id of the bus whose canary it is, if it is one."""
        try:
            tenant, user_id, frame = json.loads(data)
            if frame["type"] == _CANARY:
                return str(user_id)
            if frame["type"] == _GAP:
                self.miss((tenant, user_id))
            else:
                self.emit(tenant, user_id, frame)
        except Exception as error:
            # Whatever somebody else writes on our channel, the next message is heard.
            log.warning("live_frame_unusable", error=type(error).__name__)
        return None
