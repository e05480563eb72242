"""What people choose: `/v1/preferences`."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from punctual.preferences import Preferences
from punctual.protocol import Ref
from store import directory, ledger, preferences
from store.ledger import Delivery
from tests.api.conftest import World, assert_problem
from tests.world import user

DEFAULT = {
    "channels": {}, "categories": {}, "types": {},
    "quiet_hours": {
        "enabled": False, "start": "22:00", "end": "07:00", "timezone": None,
        "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "let_urgent_through": True,
    },
    "digest": {"frequency": "off", "at": "08:00", "weekday": "mon"},
}  # fmt: skip
CHOSEN = {
    "channels": {"email": False},
    "categories": {"tasks": {"web_push": True}},
    "types": {"ticket.message": {"email": True}},
    "quiet_hours": {**DEFAULT["quiet_hours"], "enabled": True, "days": ["mon", "sun"], "timezone": "Asia/Kolkata"},
    "digest": {"frequency": "weekly", "at": "17:45", "weekday": "fri"},
}  # fmt: skip
PATH = "/v1/preferences"


async def _put(world: World, body: Any, **options: Any) -> Any:
    return await world.call("PUT", PATH, json=body, **options)


async def _digest_at(world: World) -> datetime | None:
    async with world.ours.database.write() as db:
        return (await preferences.load(db, "acme", "asha")).digest_at


async def _waiting(world: World, reason: str) -> None:
    row = Delivery("d1", "asha", "email", "k", "n1", "deferred", reason, _now(), due_at=_now() + timedelta(hours=8))
    async with world.ours.database.write() as db:
        await ledger.add(db, Ref(tenant="acme", kind="task", id="42"), [row])


def _now() -> datetime:
    return datetime.now(UTC)


async def test_who_has_chosen_nothing_has_the_defaults(world: World) -> None:
    """All fields are there, so that a client need not know them."""
    assert (await world.call("GET", PATH)).json() == DEFAULT


async def test_a_put_replaces_the_whole(world: World) -> None:
    """What it leaves out is the default again; nobody else's change."""
    answer = await _put(world, CHOSEN)
    assert answer.json() == CHOSEN
    assert (await world.call("GET", PATH)).json() == CHOSEN
    assert (await world.call("GET", PATH, user="ravi")).json() == DEFAULT
    assert (await world.call("GET", PATH, tenant="other")).json() == DEFAULT
    assert (await _put(world, {"channels": {"web_push": True}})).json() == {**DEFAULT, "channels": {"web_push": True}}


async def test_old_names_of_types_mean_todays(world: World) -> None:
    """What an older system called a type is kept under its present name."""
    answer = await _put(world, {"types": {"FOLLOWUP_OVERDUE": {"email": False}}})
    assert answer.status_code == 200, answer.text
    assert answer.json()["types"] == {"follow_up.overdue": {"email": False}}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"types": {"no.such": {"email": True}}}, "/types/no.such"),
        ({"channels": {"pigeon": True}}, "/channels/pigeon"),
        ({"categories": {"tasks": {"email": 1}}}, "/categories/tasks/email"),
        ({"quiet_hours": {"start": "25:00"}}, "/quiet_hours/start"),
        ({"digest": {"at": "08:01"}}, "/digest/at"),
        ({"sound": "loud"}, "/sound"),
    ],
)
async def test_a_mistake_is_named_and_changes_nothing(world: World, body: Any, pointer: str) -> None:
    """Problem details point at the field."""
    await _put(world, CHOSEN)
    problem = assert_problem(await _put(world, body), 422)
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert (await world.call("GET", PATH)).json() == CHOSEN


async def test_services_have_no_preferences(world: World) -> None:
    """They have no inbox either."""
    assert_problem(await world.call("GET", PATH, role="service"), 403)
    assert_problem(await world.call("GET", PATH, role=""), 401)


async def test_the_next_digest_is_due_on_the_users_own_clock(world: World) -> None:
    """And one that is due at this moment is not put off by another choice."""
    async with world.ours.database.write() as db:
        await directory.put(db, "acme", [user("asha", timezone="Asia/Kolkata")])
    daily = {"digest": {"frequency": "daily", "at": "08:00"}}
    await _put(world, daily)
    due = await _digest_at(world)
    assert due is not None
    assert (due.hour, due.minute) == (2, 30)
    assert _now() < due <= _now() + timedelta(days=1)
    late = _now() - timedelta(minutes=1)
    async with world.ours.database.write() as db:
        await preferences.put(db, "acme", "asha", Preferences.model_validate(daily), digest_at=late, now=late)
    await _put(world, {**daily, "channels": {"email": True}})
    assert await _digest_at(world) == late
    await _put(world, {})
    assert await _digest_at(world) is None


@pytest.mark.parametrize(
    ("reason", "digest", "looks"),
    [
        ("quiet_hours", "daily", True),
        ("quiet_hours", "off", True),
        ("digest", "off", True),
        ("digest", "daily", False),
    ],
)
async def test_what_waits_is_decided_about_anew(world: World, reason: str, digest: str, looks: bool) -> None:
    """Its workflow is told to look now; what waits for a digest goes on waiting while there will be one."""
    await _waiting(world, reason)
    await _put(world, {"digest": {"frequency": digest}})
    assert [id_ for id_, _ in world.temporal.started] == ["acme/quiet_hours/asha"] * looks


async def test_what_waits_for_a_digest_whose_mail_is_muted_is_decided_about_anew(world: World) -> None:
    """No digest would bring it."""
    await _waiting(world, "digest")
    await _put(world, {"digest": {"frequency": "daily"}, "types": {"digest.daily": {"email": False}}})
    assert [id_ for id_, _ in world.temporal.started] == ["acme/quiet_hours/asha"]


async def test_a_choice_is_kept_though_temporal_is_away(world: World) -> None:
    """What waits is then looked at when it was to be looked at."""
    await _waiting(world, "quiet_hours")
    world.temporal.down = True
    assert (await _put(world, CHOSEN)).status_code == 200
    assert (await world.call("GET", PATH)).json() == CHOSEN


async def test_erasing_somebody_erases_what_they_chose(world: World) -> None:
    """Nothing is left that says what they wanted, and an export holds it before."""
    async with world.ours.database.write() as db:
        await directory.put(db, "acme", [user("asha")])
    await _put(world, CHOSEN)
    export = await world.call("GET", "/v1/users/asha/export", role="service")
    assert export.json()["preferences"] == CHOSEN
    assert (await world.call("DELETE", "/v1/users/asha", role="service")).status_code == 204
    assert (await world.call("GET", PATH)).json() == DEFAULT


async def test_another_devices_choice_is_not_overwritten_unseen(world: World) -> None:
    """`If-Match` with the tag of what was read: 412 and nothing changed where it is no longer so."""
    seen = (await world.call("GET", PATH)).headers["ETag"]
    first = await _put(world, CHOSEN, headers={"If-Match": seen})
    assert first.status_code == 200
    assert first.headers["ETag"] == (await world.call("GET", PATH)).headers["ETag"] != seen
    assert_problem(await _put(world, {}, headers={"If-Match": seen}), 412)
    assert (await world.call("GET", PATH)).json() == CHOSEN
    assert (await _put(world, {}, headers={"If-Match": first.headers["ETag"]})).json() == DEFAULT


async def test_who_moves_to_another_zone_may_be_awake_there(world: World) -> None:
    """What waits is decided about anew; who is changed in any other way is left alone, and Temporal may be away."""
    person = {"name": "Asha", "timezone": "UTC"}
    await world.call("PUT", "/v1/users/asha", json=person, role="service")
    await _waiting(world, "quiet_hours")
    await world.call("PUT", "/v1/users/asha", json={**person, "name": "Asha Rao"}, role="service")
    assert world.temporal.started == []
    await world.call("PUT", "/v1/users", json=[{"id": "asha", **person, "timezone": "Asia/Kolkata"}], role="service")
    assert [id_ for id_, _ in world.temporal.started] == ["acme/quiet_hours/asha"]
    world.temporal.down = True
    answer = await world.call("PUT", "/v1/users/asha", json=person, role="service")
    assert answer.status_code == 200
