"""The lives whose histories are kept: each a short real one, in real time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.eventually import eventually
from tests.world import World


def _now() -> datetime:
    return datetime.now(UTC)


async def _told(world: World, type_: str, times: int = 1) -> None:
    async def enough() -> bool:
        return (await world.types()).count(f"appointment.{type_}") >= times

    await eventually(enough, within=30)


async def reminded_and_completed(world: World) -> None:
    """The happy path: scheduled, reminded twice, overdue, completed."""
    start = _now() + timedelta(seconds=6)
    handle = await world.tell(world.event("scheduled", _now(), starts_at=start))
    await _told(world, "outcome_missing")
    await world.tell(world.event("completed", _now(), starts_at=start))
    await handle.result()


async def rescheduled_and_cancelled(world: World) -> None:
    """Moved while asleep, then cancelled with a reminder still ahead."""
    handle = await world.tell(world.event("scheduled", _now(), starts_at=_now() + timedelta(hours=2)))
    await _told(world, "scheduled")
    start = _now() + timedelta(seconds=5)
    await world.tell(world.event("rescheduled", _now(), starts_at=start))
    await _told(world, "reminder")
    await world.tell(world.event("cancelled", _now(), starts_at=start))
    await handle.result()


async def refused_duplicate_and_stale(world: World) -> None:
    """Events that change nothing, in one mailbox with those that do."""
    scheduled = world.event("scheduled", _now(), starts_at=_now() + timedelta(hours=2))
    handle = await world.tell(scheduled)
    await world.tell(scheduled)
    await handle.signal("event", {"type": "appointment.updated"})
    await world.tell(world.event("confirmed", _now() - timedelta(hours=1), starts_at=_now() + timedelta(hours=2)))
    await _told(world, "scheduled")
    await world.tell(world.event("missed", _now(), starts_at=_now() + timedelta(hours=2)))
    await handle.result()


async def reopened(world: World) -> None:
    """Cancelled, then scheduled anew: a second run under the same id; then an event after the end: a third."""
    for type_ in ("scheduled", "cancelled"):
        handle = await world.tell(world.event(type_, _now(), starts_at=_now() + timedelta(hours=2)))
        await _told(world, type_)
    await handle.result()
    for type_ in ("rescheduled", "completed"):
        handle = await world.tell(world.event(type_, _now(), starts_at=_now() + timedelta(hours=2)))
        await _told(world, type_)
    await handle.result()
    await (await world.tell(world.event("updated", _now(), starts_at=_now() + timedelta(hours=2)))).result()


async def continued_as_new(world: World) -> None:
    """So many changes that the history is continued, and the reminders of the last change still come."""
    start = _now() + timedelta(hours=2)
    handle = await world.tell(world.event("scheduled", _now(), starts_at=start))
    for number in range(1, 12):
        await world.tell(world.event("updated", _now(), starts_at=start, title=f"Visit {number}"))
        await _told(world, "updated", number)
    start = _now() + timedelta(seconds=6)
    await world.tell(world.event("rescheduled", _now(), starts_at=start))
    await _told(world, "reminder", 2)
    await world.tell(world.event("completed", _now(), starts_at=start))
    await _told(world, "completed")
    await asyncio.wait_for(world.client.get_workflow_handle(handle.id).result(), 20)


SCENARIOS: dict[str, Callable[[World], Awaitable[Any]]] = {
    function.__name__: function
    for function in (
        reminded_and_completed,
        rescheduled_and_cancelled,
        refused_duplicate_and_stale,
        reopened,
        continued_as_new,
    )
}
