"""After a gap in the live frames: reads the inboxes of those who are here, and tells them count and version.

A client whose version is older then reads its list; the others do nothing, and nobody has to connect again.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager

from api import problems
from store import inbox
from store.bus import Listener, Owner
from store.engine import Database

AT_ONCE = 100
"""Inboxes read in one transaction; one transaction at a time."""
JITTER = 1.0
"""The longest wait, in seconds, before the first one: all processes hear of a gap in the same moment."""
PAUSE = 0.05
RETRY = 5.0


class Resync:
    """Asked as often as anyone likes; each inbox is read once for all that was asked before."""

    def __init__(self, database: Database, tell: Listener) -> None:
        self._database = database
        self._tell = tell
        self._asked: set[Owner] = set()
        self._wake = asyncio.Event()

    def ask(self, owners: Iterable[Owner]) -> None:
        self._asked.update(owners)
        if self._asked:
            self._wake.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(random.uniform(0, JITTER))  # noqa: S311
            self._wake.clear()
            by_tenant: dict[str, list[str]] = defaultdict(list)
            for tenant, user_id in sorted(self._asked):
                by_tenant[tenant].append(user_id)
            for tenant, people in by_tenant.items():
                for start in range(0, len(people), AT_ONCE):
                    await self._read(tenant, people[start : start + AT_ONCE])

    async def _read(self, tenant: str, people: Collection[str]) -> None:
        owners = {(tenant, user_id) for user_id in people}
        self._asked -= owners
        try:
            async with self._database.read() as db:
                versions = await inbox.versions(db, tenant, people)
                unread = await inbox.unread(db, tenant, people)
        except Exception as error:
            # Whatever is wrong with the database, they still have to be told.
            problems.report(error, "resync")
            self.ask(owners)
            await asyncio.sleep(RETRY)
            return
        for user_id in people:
            frame = {"type": "unread_count", "count": unread[user_id], "version": versions[user_id]}
            self._tell(tenant, user_id, frame)
        await asyncio.sleep(PAUSE)
