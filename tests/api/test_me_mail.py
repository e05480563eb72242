"""What is not mailed to the caller any more, and how they take that back."""

from datetime import UTC, datetime
from typing import Any

from store import directory
from tests.api.conftest import World, assert_problem
from tests.world import user

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
SINCE = "2026-11-20T09:00:00Z"


async def stop(world: World, *scopes: str, tenant: str = "acme", bounced: bool = False) -> None:
    """Asha is there, and gets no more mails about some things; with `bounced`, none at her address."""
    async with world.ours.database.write() as db:
        await directory.put(db, tenant, [user("asha")])
        for scope in scopes:
            await world.ours.suppressions.unsubscribe(db, tenant, "asha", scope, AT)
        if bounced:
            await world.ours.suppressions.bounced(db, tenant, "asha@example.com", AT, "550 5.1.1")


async def mail(world: World, **who: Any) -> Any:
    return (await world.call("GET", "/v1/me/mail", **who)).json()


async def test_what_is_stopped_is_listed_and_taken_back(world: World) -> None:
    """One by one; of the address only what its owner knows it by; what is not stopped cannot be taken back."""
    await stop(world, "*", "ticket.closed", bounced=True)
    unsubscribed = {"reason": "unsubscribed", "since": SINCE, "detail": None}
    listed = {
        "address": {"scope": "address", "reason": "bounced", "since": SINCE, "detail": "550 5.1.1"},
        "*": {"scope": "*", **unsubscribed},
        "ticket.closed": {"scope": "ticket.closed", **unsubscribed},
    }
    assert await mail(world) == {"address": "a…@example.com", "stopped": list(listed.values())}
    for scope in list(listed):
        path = f"/v1/me/mail/stopped/{scope}"
        assert (await world.call("DELETE", path)).status_code == 204
        del listed[scope]
        assert (await mail(world))["stopped"] == list(listed.values())
        assert_problem(await world.call("DELETE", path), 404)


async def test_a_new_address_has_no_bounce(world: World) -> None:
    """It was the old one that mails came back from."""
    await stop(world, bounced=True)
    changed = {"name": "Asha", "email": "a@example.org"}
    await world.call("PUT", "/v1/users/asha", role="service", json=changed)
    assert await mail(world) == {"address": "…@example.org", "stopped": []}


async def test_each_sees_and_takes_back_their_own(world: World) -> None:
    """Neither another user's nor another tenant's; who is in no directory has nothing; a service has no mail."""
    await stop(world, "tickets")
    await stop(world, tenant="other", bounced=True)
    for who in ({"user": "ravi"}, {"tenant": "third"}):
        assert await mail(world, **who) == {"address": None, "stopped": []}
    for who in ({"user": "ravi"}, {"tenant": "other"}):
        assert_problem(await world.call("DELETE", "/v1/me/mail/stopped/tickets", **who), 404)
    assert_problem(await world.call("DELETE", "/v1/me/mail/stopped/address"), 404)
    assert [found["scope"] for found in (await mail(world))["stopped"]] == ["tickets"]
    assert [found["scope"] for found in (await mail(world, tenant="other"))["stopped"]] == ["address"]
    assert_problem(await world.call("GET", "/v1/me/mail", role="service"), 403)
    assert_problem(await world.call("GET", "/v1/me/mail", role=""), 401)
