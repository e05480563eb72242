"""The only place that speaks with Temporal."""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import structlog
from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError

from api.problems import Problem
from punctual.client import look, replan, signal, update
from punctual.events import Event, mark
from punctual.protocol import Act, Ref
from punctual.registry import kind_of

log = structlog.get_logger(__name__)

IN_FLIGHT = 50
RETRY_AFTER = 5
ANSWER_WITHIN = 3.0
"""How long somebody who acts waits for a worker, in seconds."""
_PATIENCE = 10.0
_HEALTHY_WITHIN = timedelta(seconds=2)
_AWAY = (RPCError, RuntimeError, TimeoutError)


class Unavailable(Problem):
    """Temporal or its workers cannot answer now, and the client is to come back."""

    def __init__(self, detail: str) -> None:
        super().__init__(503, detail, headers={"Retry-After": str(RETRY_AFTER)})


class Gateway:
    """Hands events and acts to their workflows."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._turns = asyncio.Semaphore(IN_FLIGHT)

    async def tell(self, tenant: str, events: Sequence[Event]) -> list[str]:
        """The workflow id of each event, once Temporal has them all durably.

        Events of one entity go one after the other in the order they count in. Raises Unavailable when Temporal
        cannot take them; some may have been taken then, and repeating them changes nothing.
        """
        entities: dict[tuple[str, str], list[int]] = defaultdict(list)
        for index, event in enumerate(events):
            entities[kind_of(event.type).name, event.about].append(index)
        ids = [""] * len(events)

        async def in_order(indexes: list[int]) -> None:
            for index in sorted(indexes, key=lambda index: mark(events[index], kind_of(events[index].type))):
                async with self._turns, asyncio.timeout(_PATIENCE):
                    ids[index] = await signal(self._client, tenant, events[index])

        await _all(in_order(indexes) for indexes in entities.values())
        return ids

    async def replan(self, refs: Iterable[Ref]) -> None:
        """Has the workflows of these entities plan anew; raises Unavailable, and then some may have been told."""

        async def one(ref: Ref) -> None:
            async with self._turns, asyncio.timeout(_PATIENCE):
                await replan(self._client, ref)

        await _all(one(ref) for ref in refs)

    async def look_again(self, tenant: str, user_ids: Sequence[str], at: datetime) -> None:
        """Has what people's quiet hours hold back looked at now; without Temporal a worker finds it soon enough."""

        async def one(user_id: str) -> None:
            async with self._turns, asyncio.timeout(_PATIENCE):
                await look(self._client, tenant, user_id, at)

        with suppress(Unavailable):
            await _all(map(one, user_ids))

    async def act(self, ref: Ref, act: Act) -> dict[str, Any]:
        """`{"state", "acknowledged_by", "next_step_at"}` of the entity after an act.

        Raises punctual.errors.ActRefused; and Unavailable when no worker has answered in time or Temporal is away:
        the same act may have been done then, and does no more when it is repeated under its id.
        """
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return await update(self._client, ref, act)
        except (*_AWAY, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            log.warning("act_unanswered", error=type(error).__name__)
            raise Unavailable("Nobody could answer in time. Repeating the request is safe.") from None

    async def is_healthy(self) -> bool:
        """Whether Temporal answers."""
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._client.service_client.check_health(timeout=_HEALTHY_WITHIN)
        except _AWAY:
            return False


async def _all(calls: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Makes the calls side by side; raises Unavailable if one of them is not taken."""
    lost = False
    try:
        async with asyncio.TaskGroup() as group:
            for call in calls:
                group.create_task(call)
    except* _AWAY as errors:
        log.warning("temporal_unavailable", error=type(errors.exceptions[0]).__name__)
        lost = True
    if lost:
        raise Unavailable("Temporal cannot take events now. Repeating the request is safe.")
