"""The workflows that end people's quiet hours: told from activities when there is something to send then."""

import asyncio
from collections.abc import Mapping
from datetime import datetime

from temporalio import activity

from punctual.client import look

AT_ONCE = 20


async def end_at(tenant: str, ends: Mapping[str, datetime]) -> None:
    """Has each user's quiet hours looked at when they end; again is harmless. Raises if Temporal does not answer."""
    if not ends:
        return
    client, gate = activity.client(), asyncio.Semaphore(AT_ONCE)

    async def one(user_id: str) -> None:
        async with gate:
            await look(client, tenant, user_id, ends[user_id])

    await asyncio.gather(*map(one, ends))
