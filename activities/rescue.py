"""What waits, or is to be sent again, and was forgotten: something died between a commit and a signal."""

import asyncio
from datetime import UTC, datetime, timedelta

import structlog
from temporalio.client import Client

from punctual.client import look, replan
from store import retries, waiting
from store.engine import Database

log = structlog.get_logger(__name__)

SECONDS = 60.0
# What is due is looked at within a moment; later than this nobody seems to be about to.
LATE = timedelta(minutes=2)


class Rescue:
    """Has the quiet hours of those looked at for whom something is overdue, and tells the workflows of what is to be
    sent again; any number of processes may do it."""

    def __init__(self, database: Database, client: Client) -> None:
        self._database = database
        self._client = client

    async def once(self, now: datetime) -> int:
        """For how many users, and of how many entities, something was forgotten. To look once more is harmless."""
        async with self._database.read() as db:
            found = await waiting.forgotten(db, now - LATE)
            untaken = await retries.untaken(db, now - LATE)
        for tenant, user_id, reason in found:
            if reason == "digest":
                # No digest will come to bring it.
                async with self._database.write() as db:
                    await waiting.look_again(db, tenant, user_id, now, digests=False)
            await look(self._client, tenant, user_id, now)
        for ref in untaken:
            await replan(self._client, ref)
        if found or untaken:
            log.info("forgotten_found", users=len(found), entities=len(untaken))
        return len(found) + len(untaken)

    async def run(self) -> None:
        """Once a minute, for ever."""
        while True:
            try:
                await self.once(datetime.now(UTC))
            except Exception as error:
                log.warning("rescue_fails", error=type(error).__name__)
            await asyncio.sleep(SECONDS)
