"""What waits and was forgotten, because something died between a commit and a signal, is looked at after all."""

import asyncio
from datetime import UTC, datetime, timedelta

import structlog
from temporalio.client import Client

from punctual.client import look
from store import waiting
from store.engine import Database

log = structlog.get_logger(__name__)

SECONDS = 60.0
# What is due is looked at within a moment; later than this nobody seems to be about to.
LATE = timedelta(minutes=2)


class Rescue:
    """Has the quiet hours of those looked at for whom something is overdue; any number of processes may do it."""

    def __init__(self, database: Database, client: Client) -> None:
        self._database = database
        self._client = client

    async def once(self, now: datetime) -> int:
        """For how many users something had been forgotten. To look once more is harmless."""
        async with self._database.read() as db:
            found = await waiting.forgotten(db, now - LATE)
        for tenant, user_id, reason in found:
            if reason == "digest":
                # No digest will come to bring it.
                async with self._database.write() as db:
                    await waiting.look_again(db, tenant, user_id, now, digests=False)
            await look(self._client, tenant, user_id, now)
        if found:
            log.info("waiting_found_again", users=len(found))
        return len(found)

    async def run(self) -> None:
        """Once a minute, for ever."""
        while True:
            try:
                await self.once(datetime.now(UTC))
            except Exception as error:
                log.warning("rescue_fails", error=type(error).__name__)
            await asyncio.sleep(SECONDS)
