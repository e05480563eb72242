"""Events in any order, any number of times, and in any shape."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.common import RawValue
from temporalio.testing import WorkflowEnvironment

from tests.world import World

H = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def _life(world: World, now: datetime) -> list[dict[str, Any]]:
    return [
        world.event("scheduled", now - 9 * MINUTE, starts_at=now + 40 * H),
        world.event("confirmed", now - 8 * MINUTE, starts_at=now + 40 * H),
        world.event("rescheduled", now - 7 * MINUTE, starts_at=now + 50 * H),
        world.event("cancelled", now - 6 * MINUTE, starts_at=now + 50 * H),
        world.event("updated", now - 5 * MINUTE, starts_at=now + 50 * H, title="Typo mended"),
        world.event("rescheduled", now - 4 * MINUTE, starts_at=now + 60 * H),
        world.event("updated", now - 3 * MINUTE, starts_at=now + 60 * H, title="The last word"),
    ]


@pytest.mark.parametrize("seed", range(6))
async def test_three_times_in_any_order_gives_the_same_life(
    world: World, virtual: WorkflowEnvironment, now: datetime, seed: int
) -> None:
    """The end state and the reminders are the same, the last event's notice comes once, and no notice twice."""
    events = _life(world, now) * 3
    random.Random(seed).shuffle(events)
    for number, event in enumerate(events):
        await world.tell(event)
        if number % 4 == seed % 4:
            await virtual.sleep(timedelta(seconds=1))
    await virtual.sleep(60 * H + H / 2)  # overdue, and by the default policy not yet escalated at any hour
    notes = await world.inbox()
    assert [note.created_at - now >= 36 * H for note in notes if note.type == "appointment.reminder"] == [True] * 2
    assert len({note.step_key for note in notes}) == len(notes)
    assert len([n for n in notes if n.type == "appointment.updated" and "The last word" in n.title]) == 1
    entity = await world.entity()
    assert entity is not None
    assert entity.snapshot is not None
    assert (entity.state, entity.snapshot["title"]) == ("overdue", "The last word")


async def test_a_cancellation_that_comes_late_still_cancels(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """An edit of a cancelled appointment may overtake the cancellation; it stays cancelled in either order."""
    await world.tell(world.event("scheduled", now - 3 * MINUTE))
    await world.tell(world.event("updated", now - MINUTE))
    await virtual.sleep(MINUTE)
    await world.tell(world.event("cancelled", now - 2 * MINUTE))
    await virtual.sleep(72 * H)
    assert "appointment.reminder" not in await world.types()
    assert await world.state() == "closed"


def _bad(world: World, now: datetime) -> dict[str, Any]:
    good = world.event("scheduled", now)
    return {
        "no id": {key: value for key, value in good.items() if key != "id"},
        "time that is no time": {**good, "time": "yesterday"},
        "time far ahead": {**good, "time": (now + H).isoformat()},
        "another entity's id": {**good, "data": {**good["data"], "id": "43"}},
        "an unknown type": {**good, "type": "appointment.exploded"},
        "an unknown field": {**good, "data": {**good["data"], "surprise": 1}},
        "a hostile zone": {**good, "data": {**good["data"], "timezone": "../../x"}},
        "a list": [1, 2],
        "a string": "hello",
        "null": None,
        "a deep one": _nested(150),
    }


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


async def test_whatever_is_signalled_the_entity_lives_on_and_shows_what_it_refused(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Each malformed event becomes one refused row; the good one among them works."""
    handle = await world.tell(world.event("scheduled", now))
    bad = _bad(world, now)
    for event in bad.values():
        await handle.signal("event", event)
        await handle.signal("event", event)
    await virtual.sleep(MINUTE)
    rows = list((await world.timeline()).values())
    assert rows.count(("failed", "rejected")) == len(bad)
    assert await world.types() == ["appointment.scheduled"]


async def test_a_payload_made_with_no_key_of_ours_is_refused_not_fatal(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Garbage that claims to be encrypted, once or twice, does not wedge the workflow; plain payloads are read."""
    handle = await world.tell(world.event("scheduled", now))
    metadata = {"encoding": b"binary/encrypted", "encryption-key-id": b"test"}
    garbage = RawValue(Payload(metadata=metadata, data=b"0" * 64))
    await handle.signal("event", garbage)
    stranger = await Client.connect(virtual.client.service_client.config.target_host)
    outside = stranger.get_workflow_handle(handle.id)
    await outside.signal("event", garbage)
    await outside.signal("event", world.event("confirmed", now + MINUTE))
    await outside.signal("event")
    await virtual.sleep(30 * H)
    rows = list((await world.timeline()).values())
    assert rows.count(("failed", "rejected")) == 3
    assert await world.outcomes("appointment.confirmed") == [("sent", None)]
    assert "appointment.reminder" in await world.types()


async def test_only_refused_events_leave_a_row_and_no_life(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """A first event that is refused is visible, and its workflow ends."""
    handle = await world.tell({**world.event("scheduled", now), "time": "yesterday"})
    await handle.result()
    assert list((await world.timeline()).values()) == [("failed", "rejected")]
    assert await world.state() == "closed"
