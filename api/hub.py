"""From the bus to the sockets of this process: who listens, and who has to be told anew after a gap."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from api.identity import Caller
from api.live_messages import RESTART, SOCKETS_OF_ONE
from api.resync import Resync
from store.bus import EVERYBODY, Bus, Frame, Owner
from store.engine import Database


class Listener(Protocol):
    """One socket: takes frames without blocking, and can be told to end."""

    who: Caller

    def offer(self, frame: Frame) -> None: ...
    def end(self, code: int) -> None: ...


class Hub:
    """Routes the bus's frames by tenant and user."""

    def __init__(self, bus: Bus, database: Database) -> None:
        self._bus = bus
        self._listeners: dict[Owner, list[Listener]] = defaultdict(list)
        self._resync = Resync(database, self._route)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Listens to the bus; in the end closes all sockets."""
        async with self._resync.running():
            stop = self._bus.listen(self._route, self._missed)
            try:
                yield
            finally:
                stop()
                self.close()

    def close(self) -> None:
        """Ends all sockets, so that their clients come back to whoever serves next."""
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

    def _missed(self, owner: Owner) -> None:
        """Frames for `owner` may have been lost: those of them who are here get their count and version anew."""
        self._resync.ask(self._listeners if owner == EVERYBODY else [owner] if owner in self._listeners else ())


def _owner(who: Caller) -> Owner:
    return who.tenant, who.user_id
