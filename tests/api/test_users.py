"""The directory."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from punctual.lifecycle import Record
from punctual.protocol import Ref
from store import entities
from tests.api.conftest import World, assert_problem

ASHA: dict[str, Any] = {
    "name": "Asha Rao", "email": "asha@example.com", "phone": "+49 30 1", "timezone": "Asia/Kolkata",
    "locale": "en-IN", "roles": ["sales"], "teams": ["north"], "manager_id": "ravi", "active": True,
    "metadata": {"shirt": "M"},
}  # fmt: skip


async def put(world: World, id_: str, body: Any, **options: Any) -> Any:
    return await world.call("PUT", f"/v1/users/{id_}", **{"role": "service", "json": body, **options})


async def stop_mails(world: World) -> None:
    """Asha has unsubscribed from tickets, and later her address bounced."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    async with world.ours.database.write() as db:
        await world.ours.suppressions.unsubscribe(db, "acme", "asha", "tickets", at)
        await world.ours.suppressions.bounced(db, "acme", ASHA["email"], at + timedelta(days=1), "550 5.1.1")


async def test_a_person_reads_back_as_written(world: World) -> None:
    """PUT answers what GET answers, and both are what was sent."""
    expected = {"id": "asha", **ASHA}
    assert (await put(world, "asha", ASHA)).json() == expected
    found = (await world.call("GET", "/v1/users/asha", role="admin")).json()
    assert found == expected
    assert (await put(world, "asha", found)).json() == expected


async def test_only_a_name_is_required_and_put_replaces_the_whole(world: World) -> None:
    """What is left out is the default, also of somebody who had it before."""
    await put(world, "asha", ASHA)
    assert (await put(world, "asha", {"name": "A"})).json() == {
        "id": "asha", "name": "A", "email": None, "phone": None, "timezone": "UTC", "locale": "en", "roles": [],
        "teams": [], "manager_id": None, "active": True, "metadata": {},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", None), ("name", "a\r\nBcc: x"), ("name", "x" * 301),
        ("email", "a@example.com, b@example.com"), ("email", "Asha <a@example.com>"), ("email", "a@b\r\nc.example"),
        ("email", "nobody"), ("email", ""), ("timezone", "../../x"), ("timezone", "Mars/Base"),
        ("timezone", "+02:00"),
        ("locale", "english please"), ("locale", ""), ("roles", ["a b"]), ("roles", "sales"), ("teams", [1]),
        ("manager_id", "a/b"), ("active", "maybe"), ("metadata", []), ("colour", "red"), ("id", "ben"),
    ],
)  # fmt: skip
async def test_bad_fields_are_named(world: World, field: str, value: Any) -> None:
    """One problem, with the field's own name."""
    body = assert_problem(await put(world, "asha", {**ASHA, field: value}), 422)
    assert [error["field"].split(".")[0] for error in body["errors"]] == [field]
    assert_problem(await world.call("GET", "/v1/users/asha", role="admin"), 404)


async def test_a_list_is_all_or_nothing(world: World) -> None:
    """One bad person in a list is named by index and field, and nobody is stored."""
    people = [{"id": "a", "name": "A"}, {"id": "b", "name": "B", "timezone": "x"}, {"name": "C"}]
    body = assert_problem(await world.call("PUT", "/v1/users", role="service", json=people), 422)
    assert [(e["index"], e["field"], e["pointer"]) for e in body["errors"]] == [
        (1, "timezone", "/1/timezone"), (2, "id", "/2/id"),
    ]  # fmt: skip
    twice = [{"id": "a", "name": "A"}, {"id": "b", "name": "B"}, {"id": "a", "name": "A"}]
    body = assert_problem(await world.call("PUT", "/v1/users", role="service", json=twice), 422)
    assert [(error["index"], error["field"]) for error in body["errors"]] == [(2, "id")]
    assert (await world.call("GET", "/v1/users", role="admin")).json() == {"items": [], "next_cursor": None}
    answer = await world.call("PUT", "/v1/users", role="service", json=twice[:2])
    assert [user["id"] for user in answer.json()["items"]] == ["a", "b"]


async def test_managers_never_go_in_a_circle(world: World) -> None:
    """Neither alone, nor through people stored before, nor within one list."""
    body = assert_problem(await put(world, "a", {"name": "A", "manager_id": "a"}), 422)
    assert body["errors"][0]["field"] == "manager_id"
    await put(world, "a", {"name": "A", "manager_id": "b"})
    await put(world, "b", {"name": "B", "manager_id": "c"})
    body = assert_problem(await put(world, "c", {"name": "C", "manager_id": "a"}), 422)
    assert body["errors"][0]["pointer"] == "/manager_id"
    circle = [{"id": "x", "name": "X", "manager_id": "y"}, {"id": "y", "name": "Y", "manager_id": "x"}]
    body = assert_problem(await world.call("PUT", "/v1/users", role="service", json=circle), 422)
    assert [(error["index"], error["field"]) for error in body["errors"]] == [(0, "manager_id"), (1, "manager_id")]
    turned = [{"id": "a", "name": "A"}, {"id": "b", "name": "B", "manager_id": "a"}]
    assert (await world.call("PUT", "/v1/users", role="service", json=turned)).status_code == 200


async def test_the_list_goes_on_by_cursor(world: World) -> None:
    """Each person is on exactly one page."""
    people = [{"id": f"u{number}", "name": "N"} for number in range(5)]
    await world.call("PUT", "/v1/users", role="service", json=people)
    seen, cursor = [], None
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await world.call("GET", "/v1/users", role="admin", params=query)).json()
        seen.append([user["id"] for user in page["items"]])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [["u0", "u1"], ["u2", "u3"], ["u4"]]


async def test_erasing_leaves_nothing(world: World) -> None:
    """After DELETE the person, their inbox and their export are gone, and a second DELETE finds nobody."""
    await put(world, "asha", ASHA)
    await world.notify("asha", "n1")
    await stop_mails(world)
    assert (await world.call("DELETE", "/v1/users/asha", role="service")).status_code == 204
    for method, path in (("DELETE", ""), ("GET", ""), ("GET", "/export")):
        assert_problem(await world.call(method, f"/v1/users/asha{path}", role="service"), 404)
    assert (await world.call("GET", "/v1/notifications")).json()["items"] == []
    await put(world, "asha", ASHA)
    assert (await world.call("GET", "/v1/me/mail")).json()["stopped"] == []


async def test_the_export_holds_all_that_is_kept(world: World) -> None:
    """The archived and the snoozed too, and what the person is responsible for."""
    await put(world, "asha", ASHA)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    await world.notify("asha", "plain")
    await world.notify("asha", "archived", archived_at=now)
    await world.notify("asha", "snoozed", snoozed_until=now)
    ref = Ref(tenant="acme", kind="appointment", id="42")
    async with world.ours.database.write() as db:
        await entities.save(db, ref, Record(), state="open", due_at=None, next_step_at=None, now=now)
        await entities.assign(db, ref, ["asha"])
    await stop_mails(world)
    export = (await world.call("GET", "/v1/users/asha/export", role="service")).json()
    assert export["user"] == {"id": "asha", **ASHA}
    assert sorted(note["id"] for note in export["notifications"]) == ["archived", "plain", "snoozed"]
    assert export["assigned"] == [{"kind": "appointment", "id": "42"}]
    assert export["push_subscriptions"] == []
    assert [found["scope"] for found in export["mail_stopped"]] == ["tickets", "address"]


async def test_other_tenants_people_do_not_exist(world: World) -> None:
    """Reading, exporting and erasing across tenants answers like an unknown id, byte for byte."""
    await put(world, "asha", ASHA)
    for method, path in (("GET", ""), ("GET", "/export"), ("DELETE", "")):
        theirs = await world.call(method, f"/v1/users/asha{path}", role="admin", tenant="other")
        unknown = await world.call(method, f"/v1/users/nobody{path}", role="admin", tenant="other")
        assert_problem(theirs, 404)
        assert theirs.content == unknown.content
    assert (await world.call("GET", "/v1/users", role="admin", tenant="other")).json()["items"] == []
    assert (await world.call("GET", "/v1/users/asha", role="admin")).status_code == 200


async def test_everybody_may_know_who_they_are(world: World) -> None:
    """What a page needs to speak their language in their zone; nothing for who is not in the directory."""
    await world.call("PUT", "/v1/users/asha", json={"name": "Asha Rao", "timezone": "Asia/Kolkata"}, role="service")
    assert (await world.call("GET", "/v1/me")).json() == {
        "user_id": "asha", "tenant": "acme", "role": "user", "name": "Asha Rao", "timezone": "Asia/Kolkata",
        "locale": "en", "channels": ["inbox", "websocket"],
    }  # fmt: skip
    stranger = (await world.call("GET", "/v1/me", tenant="other")).json()
    assert (stranger["user_id"], stranger["name"], stranger["timezone"]) == ("asha", None, None)
    assert (await world.call("GET", "/v1/me", role="")).status_code == 401
