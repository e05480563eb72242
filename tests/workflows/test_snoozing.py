"""What was pushed, and is snoozed as the API does it, is pushed once more when its time comes, in virtual time."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from temporalio.testing import WorkflowEnvironment

from api import inbox_changes
from api.gateway import Gateway
from api.identity import Caller
from store import inbox
from store.bus import LocalBus
from tests.eventually import eventually
from tests.workflows.test_quiet_hours import H, _evening, _fates, _hears, _reminded, _sent
from tests.world import World

MINUTE = timedelta(minutes=1)


async def _change(world: World, entity_id: str, **wanted: Any) -> None:
    """What asha does with the reminder of an appointment."""
    ours: Any = SimpleNamespace(database=world.database, bus=LocalBus())
    who = Caller(sub="asha", tenant=world.tenant, role="user", exp=0)
    note = next(note for note in await _reminders(world) if note.entity_id == entity_id)
    assert await inbox_changes.change(ours, who, note.id, temporal=Gateway(world.client), **wanted)


async def _reminders(world: World) -> list[Any]:
    async with world.database.read() as db:
        found = [await inbox.page(db, world.tenant, "asha", status=name) for name in ("all", "snoozed")]
    return [note for page in found for note in page if note.type == "appointment.reminder"]


async def _reminded_of(world: World, virtual: WorkflowEnvironment, now: datetime, *ids: str) -> None:
    """Appointments of which asha has been reminded by push."""
    await _reminded(world, now, *ids)
    await virtual.sleep(2 * MINUTE)

    async def pushed() -> bool:
        return len(_sent(world, "web_push")) == len(ids)

    await eventually(pushed)


async def test_what_is_snoozed_into_the_quiet_is_pushed_once_after_it(
    world: World, virtual: WorkflowEnvironment
) -> None:
    """Snoozed twice, of which the second counts; the mail, which went out, does not come again."""
    await world.choose(quiet_hours={"enabled": True})
    now = await _evening(virtual, 21)
    await _reminded_of(world, virtual, now, "42")
    await _change(world, "42", snoozed_until=now + H / 2)
    await _change(world, "42", snoozed_until=now + 2 * H)
    await virtual.sleep(H)
    assert await _fates(world) == {"email": ("sent", None), "web_push": ("deferred", "snoozed")}
    await virtual.sleep(8 * H)
    assert await _fates(world) == {"email": ("sent", None), "web_push": ("deferred", "quiet_hours")}
    await virtual.sleep(H)
    assert (len(_sent(world, "web_push")), len(_sent(world))) == (2, 1)
    assert await _fates(world) == dict.fromkeys(("email", "web_push"), ("sent", None))
    await virtual.sleep(48 * H)
    assert len(_sent(world, "web_push")) == 2


async def test_what_is_snoozed_and_read_is_not_pushed_once_more(world: World, virtual: WorkflowEnvironment) -> None:
    """What was snoozed with it is, by itself and in its own words."""
    now = await _evening(virtual, 12)
    await _reminded_of(world, virtual, now, "read", "kept")
    for id_ in ("read", "kept"):
        await _change(world, id_, snoozed_until=now + H)
    await _change(world, "read", read=True)
    await virtual.sleep(H)
    await _hears(world, "web_push")
    last = world.channels["web_push"].sent[2:]
    assert [message.notification.entity_id for message in last] == ["kept"]
    assert (await _fates(world, "read"))["web_push"] == (await _fates(world, "kept"))["web_push"] == ("sent", None)
