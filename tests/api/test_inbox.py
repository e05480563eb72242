"""The inbox over HTTP."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.api.conftest import World, assert_problem

PATH = "/v1/notifications"


async def listed(world: World, **query: Any) -> dict[str, Any]:
    answer = await world.call("GET", PATH, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def ids(world: World, **query: Any) -> list[str]:
    return [note["id"] for note in (await listed(world, **query))["items"]]


def frames(world: World) -> list[tuple[str, str, dict[str, Any]]]:
    """What the bus carries from now on."""
    heard: list[tuple[str, str, dict[str, Any]]] = []
    world.ours.bus.listen(lambda tenant, user, frame: heard.append((tenant, user, frame)))
    return heard


async def test_the_list_has_the_contracts_fields_newest_first(world: World) -> None:
    """Items, count and version come together."""
    await world.notify("asha", "n1", "n2")
    page = await listed(world)
    assert [note["id"] for note in page["items"]] == ["n2", "n1"]
    assert (page["next_cursor"], page["unread_count"], page["version"]) == (None, 2, 1)
    assert set(page["items"][0]) == {
        "id", "type", "category", "priority", "title", "message", "action_url", "action_text", "actions", "entity",
        "metadata", "created_at", "read_at", "archived_at", "snoozed_until", "acknowledged_at", "expires_at",
    }  # fmt: skip
    assert page["items"][0]["created_at"] == "2026-11-20T09:01:00Z"


async def test_statuses_and_filters(world: World) -> None:
    """`all` holds neither archived nor snoozed; the count is the length of `unread`; filters add up."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    await world.notify("asha", "new")
    await world.notify("asha", "read", read_at=at, priority="low")
    await world.notify("asha", "archived", archived_at=at)
    await world.notify("asha", "snoozed", snoozed_until=at)
    await world.notify("asha", "unlisted", listed=False)
    await world.notify("asha", "ticket", category="tickets", type="ticket.created")
    expected = {
        "all": {"new", "read", "ticket"}, "unread": {"new", "ticket"}, "read": {"read"}, "archived": {"archived"},
        "snoozed": {"snoozed"},
    }  # fmt: skip
    for status, found in expected.items():
        assert set(await ids(world, status=status)) == found
    assert (await listed(world))["unread_count"] == 2
    assert await ids(world, category="tickets") == ["ticket"]
    assert await ids(world, type="ticket.created") == ["ticket"]
    assert await ids(world, priority="low", status="read") == ["read"]
    assert await ids(world, priority="low", category="tickets") == []


async def test_pages_hold_everything_once_even_when_something_new_arrives(world: World) -> None:
    """A cursor goes on where the last page ended, whatever was added on top meanwhile."""
    await world.notify("asha", *[f"n{number}" for number in range(5)])
    first = await listed(world, limit=2)
    await world.notify("asha", "newer", created_at=datetime(2027, 1, 1, tzinfo=UTC))
    second = await listed(world, limit=2, cursor=first["next_cursor"])
    third = await listed(world, limit=2, cursor=second["next_cursor"])
    assert [note["id"] for page in (first, second, third) for note in page["items"]] == ["n4", "n3", "n2", "n1", "n0"]
    assert third["next_cursor"] is None


async def test_cursors_are_good_for_their_own_list_only(world: World) -> None:
    """Tampered, from other filters, of another user, tenant or route: all refused alike."""
    await world.notify("asha", "n1", "n2", "n3")
    cursor = (await listed(world, limit=1, status="unread"))["next_cursor"]
    encoded, mark = cursor.split(".")
    same = {"limit": 1, "status": "unread"}
    assert (await world.call("GET", PATH, params={**same, "cursor": cursor})).status_code == 200
    tampered = [f"{encoded}x.{mark}", f"{encoded}.{mark[:-2]}AA", encoded, f".{mark}", "", "💥", "a.b.c", "." * 900]
    tries: list[tuple[dict[str, Any], dict[str, Any]]] = [({**same, "cursor": text}, {}) for text in tampered]
    tries += [
        ({"limit": 1, "cursor": cursor}, {}),
        ({**same, "category": "tickets", "cursor": cursor}, {}),
        ({**same, "cursor": cursor}, {"user": "ben"}),
        ({**same, "cursor": cursor}, {"tenant": "other"}),
    ]
    for query, who in tries:
        body = assert_problem(await world.call("GET", PATH, params=query, **who), 422)
        assert body["errors"][0]["field"] == "cursor"
    assert_problem(await world.call("GET", "/v1/users", role="admin", params={"cursor": cursor}), 422)


@pytest.mark.parametrize("path", [PATH, f"{PATH}/unread-count", f"{PATH}/n1"])
async def test_an_unchanged_inbox_is_304(world: World, path: str) -> None:
    """The ETag holds until something changes, and is nobody else's."""
    await world.notify("asha", "n1")
    first = await world.call("GET", path)
    tag = first.headers["etag"]
    for given in (tag, f'"x", W/{tag}', "*"):
        again = await world.call("GET", path, headers={"If-None-Match": given})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    await world.notify("ben", "n1b")
    assert (await world.call("GET", path, user="ben", headers={"If-None-Match": tag})).status_code != 304
    await world.call("PATCH", f"{PATH}/n1", json={"read": True})
    changed = await world.call("GET", path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


async def test_changes_write_bump_and_tell(world: World) -> None:
    """Read, unread, archive and take back: each is one version and one frame with the count after it."""
    await world.notify("asha", "n1", "n2")
    heard = frames(world)
    steps = [
        ({"read": True}, 1),
        ({"read": False}, 2),
        ({"archived": True}, 1),
        ({"archived": False, "read": True}, 1),
    ]
    for number, (change, unread) in enumerate(steps, start=2):
        answer = await world.call("PATCH", f"{PATH}/n1", json=change)
        assert answer.status_code == 200
        note = answer.json()
        for name, on in change.items():
            assert (note[f"{name}_at"] is not None) == on
        frame = {"type": "notification_updated", "notification": note, "unread_count": unread, "version": number}
        assert heard[-1] == ("acme", "asha", frame)
        assert (await world.call("GET", f"{PATH}/unread-count")).json() == {"count": unread, "version": number}
    assert (await world.call("GET", f"{PATH}/n1")).json() == note


async def test_a_change_that_changes_nothing_is_no_version(world: World) -> None:
    """Reading what is read keeps its first instant, the version, and everybody's quiet."""
    await world.notify("asha", "n1")
    first = (await world.call("PATCH", f"{PATH}/n1", json={"read": True})).json()
    heard = frames(world)
    again = await world.call("PATCH", f"{PATH}/n1", json={"read": True, "archived": False})
    assert again.json() == first
    assert heard == []
    assert (await listed(world))["version"] == 2


@pytest.mark.parametrize(
    "body",
    [{}, {"read": "yes"}, {"read": 1}, {"snoozed_until": "2026-01-01T00:00:00Z"}, {"read": True, "x": 1}, [], "read"],
)
async def test_bad_changes_are_refused(world: World, body: Any) -> None:
    """Booleans only, no unknown fields, and something to do."""
    await world.notify("asha", "n1")
    assert_problem(await world.call("PATCH", f"{PATH}/n1", json=body), 422)
    assert (await listed(world))["version"] == 1


async def test_mark_all_read(world: World) -> None:
    """All, or one category; answers and tells the count after it; without anything unread nothing happens."""
    await world.notify("asha", "n1", "n2")
    await world.notify("asha", "t1", category="tickets")
    heard = frames(world)
    some = await world.call("POST", f"{PATH}/mark-all-read", json={"category": "tickets"})
    assert some.json() == {"count": 2, "version": 3}
    everything = await world.call("POST", f"{PATH}/mark-all-read")
    assert everything.json() == {"count": 0, "version": 4}
    assert [frame for _, _, frame in heard] == [
        {"type": "unread_count", "count": 2, "version": 3}, {"type": "unread_count", "count": 0, "version": 4},
    ]  # fmt: skip
    assert (await world.call("POST", f"{PATH}/mark-all-read", json={})).json() == {"count": 0, "version": 4}
    assert len(heard) == 2
    assert_problem(await world.call("POST", f"{PATH}/mark-all-read", json={"category": "x\x01"}), 422)


async def test_other_peoples_notifications_do_not_exist(world: World) -> None:
    """Another user's and another tenant's ids answer like unknown ones, byte for byte, and stay as they were."""
    await world.notify("asha", "n1")
    for who in ({"user": "ben"}, {"tenant": "other"}, {"user": "ben", "role": "admin"}):
        for method, options in (("GET", {}), ("PATCH", {"json": {"read": True}})):
            theirs = await world.call(method, f"{PATH}/n1", **who, **options)
            unknown = await world.call(method, f"{PATH}/unknown", **who, **options)
            assert_problem(theirs, 404)
            assert theirs.content == unknown.content
        assert (await world.call("POST", f"{PATH}/mark-all-read", **who)).status_code == 200
        assert (await world.call("GET", PATH, **who)).json()["items"] == []
    assert (await listed(world))["unread_count"] == 1


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=x", "status=new", "priority=top", "category=%00", "type=a%20b", "cursor=x"],
)
async def test_bad_queries_are_refused(world: World, query: str) -> None:
    """422 with the parameter's name."""
    body = assert_problem(await world.call("GET", f"{PATH}?{query}"), 422)
    assert body["errors"][0]["field"] == query.split("=", maxsplit=1)[0]
