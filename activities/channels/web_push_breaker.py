"""How many sends a push service may have at once: one that does not answer holds up nobody else."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from aiohttp import ClientError

log = structlog.get_logger(__name__)

NO_ANSWER = (TimeoutError, OSError, ClientError)
"""What `PushHttp.post` raises when there was no answer."""
PATIENCE = 1.0
"""Seconds without an answer after which a push service gets no more than a few sends at once."""
A_FEW = 5
TOLERATED = 3
"""Sends without an answer, one after another, after which it is left alone."""
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=5)
_SPREAD = 1.2
# For those that find no place, while those that have one are still waiting for their answer.
_COME_BACK = timedelta(seconds=5)
# An answer says little about how a service is a minute later.
_FRESH = 60.0
# Far more origins than push services have; a made-up subdomain costs no more than a place here.
_MOST = 256


class LeftAlone(Exception):
    """Nothing is sent there now; `after` is when to ask again."""

    def __init__(self, after: timedelta) -> None:
        super().__init__()
        self.after = after


@dataclass
class _Origin:
    """Seconds are the loop's."""

    in_flight: int = 0
    owes_since: float = 0.0
    """Since when something has been in flight and nothing was answered."""
    answered_at: float = float("-inf")
    failures: int = 0
    """Since the last answer, as are `pauses`."""
    pauses: int = 0
    shut_until: datetime | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def has_room(self, now: float) -> bool:
        """No limit for one that answers, a few for one that may not, a single probe after a pause."""
        if self.failures >= TOLERATED:
            return self.in_flight == 0
        is_stalled = self.in_flight > 0 and now - self.owes_since > PATIENCE
        if self.failures or is_stalled or now - self.answered_at > _FRESH:
            return self.in_flight < A_FEW
        return True

    def tell(self) -> None:
        """Wakes those who wait for room."""
        self.news.set()
        self.news = asyncio.Event()


class Breaker:
    """Knows each origin's health from the sends that are made inside of `turn`."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._origins: dict[str, _Origin] = {}

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """For one send to that origin; one of NO_ANSWER raised inside counts against it. Raises LeftAlone."""
        origin = self._of(name)
        await self._room(origin)
        loop = asyncio.get_running_loop()
        if not origin.in_flight:
            origin.owes_since = loop.time()
        origin.in_flight += 1
        try:
            yield
        except NO_ANSWER:
            self._failed(name, origin)
            raise
        else:
            origin.answered_at = origin.owes_since = loop.time()
            if origin.pauses:
                log.info("push service answers again", origin=name)
            origin.failures = origin.pauses = 0
            origin.shut_until = None
        finally:
            origin.in_flight -= 1
            origin.tell()

    def _of(self, name: str) -> _Origin:
        if name not in self._origins and len(self._origins) >= _MOST:
            idle = [known for known, origin in self._origins.items() if not origin.in_flight]
            self._origins.pop(idle[0] if idle else next(iter(self._origins)))
        return self._origins.setdefault(name, _Origin())

    async def _room(self, origin: _Origin) -> None:
        """Waits for a place, no longer than the service may take to answer; then others have their turn."""
        loop = asyncio.get_running_loop()
        while True:
            left = origin.shut_until - self._now() if origin.shut_until else timedelta(0)
            # No pause is longer than that: the clock has been set back since.
            if timedelta(0) < left <= LONGEST_PAUSE * _SPREAD:
                raise LeftAlone(left)
            if origin.has_room(loop.time()):
                return
            try:
                async with asyncio.timeout_at(origin.owes_since + PATIENCE):
                    await origin.news.wait()
            except TimeoutError:
                raise LeftAlone(_COME_BACK) from None

    def _failed(self, name: str, origin: _Origin) -> None:
        origin.failures += 1
        now = self._now()
        # Those that were in flight together fail together, and are one failure as far as pauses go.
        if origin.failures < TOLERATED or (origin.shut_until and origin.shut_until > now):
            return
        if not origin.pauses:
            log.warning("push service does not answer", origin=name)
        pause = min(FIRST_PAUSE * 2**origin.pauses, LONGEST_PAUSE)
        origin.pauses = min(origin.pauses + 1, 10)
        origin.shut_until = now + pause * random.uniform(1, _SPREAD)  # noqa: S311
