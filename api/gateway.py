"""The only place that speaks with Temporal."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from api.problems import Problem
from punctual.client import signal
from punctual.events import Event, mark
from punctual.registry import kind_of

log = structlog.get_logger(__name__)

IN_FLIGHT = 50
RETRY_AFTER = 5
_PATIENCE = 10.0
_HEALTHY_WITHIN = timedelta(seconds=2)


class Gateway:
    """Hands events to their workflows."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._turns = asyncio.Semaphore(IN_FLIGHT)

    async def tell(self, tenant: str, events: Sequence[Event]) -> list[str]:
        """The workflow id of each event, once Temporal has them all durably.

        Events of one entity go one after the other in the order they count in. Raises Problem 503 when Temporal
        cannot take them; some may have been taken then, and repeating them changes nothing.
        """
        entities: dict[tuple[str, str], list[int]] = defaultdict(list)
        for index, event in enumerate(events):
            kind = kind_of(event.type)
            assert kind is not None, "a parsed event has a kind"
            entities[kind.name, event.data["id"]].append(index)
        ids = [""] * len(events)

        async def in_order(indexes: list[int]) -> None:
            for index in sorted(indexes, key=lambda index: _mark(events[index])):
                async with self._turns, asyncio.timeout(_PATIENCE):
                    ids[index] = await signal(self._client, tenant, events[index])

        lost = False
        try:
            async with asyncio.TaskGroup() as group:
                for indexes in entities.values():
                    group.create_task(in_order(indexes))
        except* (RPCError, RuntimeError, TimeoutError) as errors:
            log.warning("temporal_unavailable", error=type(errors.exceptions[0]).__name__)
            lost = True
        if lost:
            later = {"Retry-After": str(RETRY_AFTER)}
            raise Problem(503, "Temporal cannot take events now. Repeating the request is safe.", headers=later)
        return ids

    async def is_healthy(self) -> bool:
        """Whether Temporal answers."""
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._client.service_client.check_health(timeout=_HEALTHY_WITHIN)
        except (RPCError, RuntimeError, TimeoutError):
            return False


def _mark(event: Event) -> tuple[object, ...]:
    kind = kind_of(event.type)
    assert kind is not None
    return tuple(mark(event, kind))
