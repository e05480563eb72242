"""What time changes in inboxes: snoozes end and notifications expire, by a write, so that no read asks the clock."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import structlog

from store import inbox_changes
from store.bus import Bus
from store.engine import Database
from store.inbox_changes import Ended

log = structlog.get_logger(__name__)

BATCH = 200
SECONDS = 1.0
LONGEST_PAUSE = 30.0
HINT_SECONDS = 5


class Sweep:
    """Ends what is due in all inboxes, and tells their owners; any number of processes may do it at once."""

    def __init__(self, database: Database, bus: Bus) -> None:
        self._database = database
        self._bus = bus

    async def once(self, now: datetime) -> int:
        """Changes one batch of what is due at `now`; how many notifications that were."""
        async with self._database.read() as db:
            if not await inbox_changes.is_due(db, now):
                return 0
        async with self._database.write() as db:
            ended = await inbox_changes.end(db, now, limit=BATCH)
        with suppress(TimeoutError):
            async with asyncio.timeout(HINT_SECONDS):
                await self._bus.publish_all([(inbox.tenant, inbox.user_id, _frame(inbox)) for inbox in ended])
        return sum(len(inbox.expired) + len(inbox.woken) for inbox in ended)

    async def run(self) -> None:
        """Looks once a second, for ever; while the database is away it waits longer and longer."""
        pause, is_down = SECONDS, False
        while True:
            try:
                changed = await self.once(datetime.now(UTC))
            except Exception as error:
                if not is_down:
                    log.warning("inbox_sweep_fails", error=type(error).__name__)
                is_down, pause = True, min(max(pause, SECONDS) * 2, LONGEST_PAUSE)
            else:
                if is_down:
                    log.info("inbox_sweep_goes_on")
                is_down, pause = False, 0 if changed >= BATCH else SECONDS
            await asyncio.sleep(pause)


def _frame(inbox: Ended) -> dict[str, Any]:
    """One frame for one version: of a single notification what became of it, of several how many are unread.

    What woke is named in both, as its owner wants to be told of it like of what is new.
    """
    found = [*_frames(inbox)]
    if len(found) == 1:
        return {**found[0], "unread_count": inbox.unread_count, "version": inbox.version}
    woken = {"woken": [note.id for note in inbox.woken]} if inbox.woken else {}
    return {"type": "unread_count", "count": inbox.unread_count, "version": inbox.version, **woken}


def _frames(inbox: Ended) -> Iterator[dict[str, Any]]:
    for id_ in inbox.expired:
        yield {"type": "notification_deleted", "id": id_}
    for note in inbox.woken:
        yield {"type": "notification_updated", "notification": note.public(), "woken": True}
