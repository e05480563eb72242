"""From the bus to the sockets of this process: who listens, and what waits for each of them."""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any, Protocol

from api.identity import Caller
from store.bus import Bus

Frame = dict[str, Any]

WAITING = 256
"""Frames that may wait for one socket; who is further behind than that reads the inbox anew."""
SOCKETS_OF_ONE = 50

TOO_SLOW, RESTART = 1013, 1012


class Listener(Protocol):
    """One socket: takes frames without blocking, and can be told to end."""

    who: Caller

    def offer(self, frame: Frame) -> None: ...
    def end(self, code: int) -> None: ...


class Hub:
    """Routes the bus's frames by tenant and user."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._listeners: dict[tuple[str, str], list[Listener]] = defaultdict(list)
        self._stop: Callable[[], None] | None = None

    def start(self) -> None:
        self._stop = self._bus.listen(self._route)

    def close(self) -> None:
        """Ends all sockets, so that their clients come back to whoever serves next."""
        if self._stop is not None:
            self._stop()
            self._stop = None
        for listeners in list(self._listeners.values()):
            for listener in list(listeners):
                listener.end(RESTART)

    def join(self, listener: Listener) -> bool:
        """From now on frames for its caller reach `listener`; False when that user has too many already."""
        listeners = self._listeners[_owner(listener.who)]
        if len(listeners) >= SOCKETS_OF_ONE:
            return False
        listeners.append(listener)
        return True

    def leave(self, listener: Listener) -> None:
        owner = _owner(listener.who)
        self._listeners[owner].remove(listener)
        if not self._listeners[owner]:
            del self._listeners[owner]

    def _route(self, tenant: str, user_id: str, frame: Frame) -> None:
        for listener in list(self._listeners.get((tenant, user_id), ())):
            listener.offer(frame)


def _owner(who: Caller) -> tuple[str, str]:
    return who.tenant, who.user_id


class Outbox:
    """Frames on their way to one socket: bounded, and never more than one unread count, the newest."""

    def __init__(self) -> None:
        self._frames: deque[Frame] = deque()
        self._filled = asyncio.Event()

    def put(self, frame: Frame) -> bool:
        """False when too many wait already."""
        if frame["type"] == "unread_count":
            self._frames = deque(waiting for waiting in self._frames if waiting["type"] != "unread_count")
        if len(self._frames) >= WAITING:
            return False
        self._frames.append(frame)
        self._filled.set()
        return True

    async def get(self) -> str:
        """The next frame as text, once there is one."""
        while not self._frames:
            self._filled.clear()
            await self._filled.wait()
        return json.dumps(self._frames.popleft(), ensure_ascii=False, separators=(",", ":"))
