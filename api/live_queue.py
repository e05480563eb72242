"""What one socket still has to say, and what it may still hear: both bounded."""

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from itertools import count
from typing import NamedTuple

from store.bus import Frame

WAITING, WAITING_BYTES = 256, 1024 * 1024
"""What may wait for one socket; who is further behind than that reads the inbox anew."""


class _Waiting(NamedTuple):
    version: int
    text: bytes


class Outbox:
    """Frames on their way to one socket, in order.

    A waiting frame may be left out where one with a newer version waits as well: the client then sees a jump in
    versions and reads its list, which holds what the frame would have said. So of unread counts, and of updates of
    one notification, only the newest waits; and the newest version of all is always sent.
    """

    def __init__(self) -> None:
        self._frames: OrderedDict[Hashable, _Waiting] = OrderedDict()
        self._numbers = count()
        self._filled = asyncio.Event()
        self.size = 0
        """In bytes."""

    def __len__(self) -> int:
        return len(self._frames)

    def put(self, frame: Frame) -> bool:
        """False when too much waits already."""
        key = _what(frame) or next(self._numbers)
        version = frame.get("version", 0)
        before = self._frames.get(key)
        if before is not None:
            if before.version > version:
                return True
            self._drop(key)
        text = json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        if self._frames and (len(self) >= WAITING or self.size + len(text) > WAITING_BYTES):
            return False
        self._frames[key] = _Waiting(version, text)
        self.size += len(text)
        self._filled.set()
        return True

    async def get(self) -> str:
        """The next frame as text, once there is one."""
        while not self._frames:
            self._filled.clear()
            await self._filled.wait()
        return self._drop(next(iter(self._frames))).text.decode()

    def _drop(self, key: Hashable) -> _Waiting:
        found = self._frames.pop(key)
        self.size -= len(found.text)
        return found


def _what(frame: Frame) -> Hashable:
    """The same for frames of which only the newest matters; None for all others."""
    match frame["type"]:
        case "unread_count":
            return "unread_count"
        case "notification_updated":
            return "notification_updated", frame["notification"]["id"]
    return None


class Allowance:
    """So many a second in the long run, and so many at once."""

    def __init__(self, per_second: float, at_once: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second, self._at_once, self._clock = per_second, at_once, clock
        self._left = at_once
        self._seen = clock()

    def take(self) -> bool:
        """Uses one; False when there is none left."""
        now = self._clock()
        self._left = min(self._at_once, self._left + (now - self._seen) * self._per_second)
        self._seen = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
