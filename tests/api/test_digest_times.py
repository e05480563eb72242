"""A digest comes by the clock of where its reader is, wherever the directory says that they are by now."""

from datetime import UTC, datetime, timedelta

from punctual.digests import next_digest
from punctual.preferences import Preferences
from store import preferences
from tests.api.conftest import World

DAILY = {"digest": {"frequency": "daily", "at": "08:00"}}


async def _digest_at(world: World, user_id: str = "asha") -> datetime | None:
    async with world.ours.database.write() as db:
        return (await preferences.load(db, "acme", user_id)).digest_at


async def _put(world: World, zone: str, *, active: bool = True) -> None:
    body = {"name": "Asha Rao", "timezone": zone, "active": active}
    assert (await world.call("PUT", "/v1/users/asha", role="service", json=body)).status_code == 200


def _next(zone: str) -> datetime | None:
    return next_digest(Preferences.model_validate(DAILY).digest, zone, datetime.now(UTC))


async def test_who_moves_to_another_zone_has_the_digest_by_its_clock(world: World) -> None:
    """From the next one on; one that is due by now stays due."""
    await _put(world, "Europe/Berlin")
    assert (await world.call("PUT", "/v1/preferences", json=DAILY)).status_code == 200
    assert await _digest_at(world) == _next("Europe/Berlin")
    await _put(world, "Asia/Kolkata")
    assert await _digest_at(world) == _next("Asia/Kolkata")
    due = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    async with world.ours.database.write() as db:
        await preferences.next_digest_at(db, "acme", "asha", due)
    await _put(world, "America/New_York")
    assert await _digest_at(world) == due


async def test_who_comes_back_has_digests_again(world: World) -> None:
    """What a run took off somebody who had left is there again when they are."""
    await _put(world, "UTC")
    await world.call("PUT", "/v1/preferences", json=DAILY)
    await _put(world, "UTC", active=False)
    assert await _digest_at(world) == _next("UTC")
    async with world.ours.database.write() as db:
        await preferences.next_digest_at(db, "acme", "asha", None)
    await _put(world, "UTC")
    assert await _digest_at(world) == _next("UTC")
