"""What people do in their inboxes over HTTP: snooze, delete, many at once, search; one version and one frame each."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from punctual.protocol import Ref
from store import inbox_changes, ledger
from store.recalls import due
from tests.api.conftest import World, assert_problem, notification
from tests.api.test_inbox import PATH, frames, ids, listed

SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=3)
AT = datetime(2026, 1, 1, tzinfo=UTC)


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


async def _patch(world: World, id_: str, **body: Any) -> dict[str, Any]:
    answer = await world.call("PATCH", f"{PATH}/{id_}", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_what_is_snoozed_is_away_until_its_time_and_then_unread(world: World) -> None:
    """It leaves list and count for the list `snoozed`; its end changes ETag, badge and list by itself."""
    await world.notify("asha", "n1", "n2")
    heard = frames(world)
    note = await _patch(world, "n1", snoozed_until=_text(SOON), read=True)
    assert note["snoozed_until"] == _text(SOON)
    assert heard[-1][2] == {
        "type": "notification_updated", "notification": note, "unread_count": 1, "version": 2,
    }  # fmt: skip
    assert await ids(world, status="snoozed") == ["n1"]
    assert await ids(world) == await ids(world, status="unread") == ["n2"]
    tag = (await world.call("GET", f"{PATH}/unread-count")).headers["etag"]
    async with world.ours.database.write() as db:
        assert await inbox_changes.end(db, SOON, limit=10)
    after = await world.call("GET", f"{PATH}/unread-count", headers={"If-None-Match": tag})
    assert (after.status_code, after.json()) == (200, {"count": 2, "version": 3})
    assert await ids(world, status="unread") == ["n2", "n1"]


async def test_a_snooze_ends_by_null_and_the_archive_and_a_snooze_end_each_other(world: World) -> None:
    """Taken back it is as read as it was; archived it does not come back; snoozed it leaves the archive."""
    await world.notify("asha", "n1")
    await _patch(world, "n1", snoozed_until=_text(SOON), read=True)
    note = await _patch(world, "n1", snoozed_until=None)
    assert (note["snoozed_until"], note["read_at"] is not None) == (None, True)
    await _patch(world, "n1", snoozed_until=_text(SOON))
    note = await _patch(world, "n1", archived=True)
    assert (note["snoozed_until"], note["archived_at"] is not None) == (None, True)
    note = await _patch(world, "n1", snoozed_until=_text(SOON))
    assert (note["snoozed_until"], note["archived_at"]) == (_text(SOON), None)
    await world.call("POST", f"{PATH}/bulk", json={"ids": ["n1"], "action": "archive"})
    assert (await ids(world, status="snoozed"), await ids(world, status="archived")) == ([], ["n1"])
    version = (await listed(world))["version"]
    await _patch(world, "n1", snoozed_until=None)
    assert (await listed(world))["version"] == version


async def _push(world: World) -> tuple[str, str | None, datetime | None]:
    """What became of the push of n1, and until when it waits."""
    async with world.ours.database.read() as db:
        (row,) = await ledger.of_entity(db, Ref(tenant="acme", kind="appointment", id="42"))
    return row.outcome, row.reason, row.due_at


@pytest.fixture
async def pushed(world: World) -> World:
    """n1 of asha, which was pushed."""
    await world.notify("asha", "n1")
    row = ledger.Delivery("d", "asha", "web_push", "step-n1", "n1", "sent", None, AT)
    async with world.ours.database.write() as db:
        await ledger.add(db, Ref(tenant="acme", kind="appointment", id="42"), [row])
    return world


async def test_what_was_pushed_is_pushed_once_more_when_its_snooze_ends(pushed: World) -> None:
    """When it ends by the last word; Temporal is told of each, and when it is away nobody is kept from snoozing."""
    for until in (SOON, SOON + timedelta(hours=1)):
        await _patch(pushed, "n1", snoozed_until=_text(until), read=True)
        assert await _push(pushed) == ("deferred", "snoozed", due(until))
        assert pushed.temporal.started[-1] == ("acme/quiet_hours/asha", due(until).isoformat())
    pushed.temporal.down = True
    await _patch(pushed, "n1", snoozed_until=_text(SOON))
    assert await _push(pushed) == ("deferred", "snoozed", due(SOON))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/n1", {"read": True}), ("PATCH", "/n1", {"archived": True}),
        ("PATCH", "/n1", {"snoozed_until": None}), ("DELETE", "/n1", None),
        *(("POST", "/bulk", {"ids": ["n1"], "action": action}) for action in ("read", "archive", "delete")),
    ],
)  # fmt: skip
async def test_what_is_seen_or_woken_before_its_time_is_not_pushed_once_more(
    pushed: World, method: str, path: str, body: Any
) -> None:
    """Its row is what it was before the snooze."""
    await _patch(pushed, "n1", snoozed_until=_text(SOON))
    answer = await pushed.call(method, f"{PATH}{path}", **({"json": body} if body else {}))
    assert answer.is_success
    assert (await _push(pushed))[:2] == ("sent", None)


async def test_only_a_snooze_asks_the_ledger(pushed: World) -> None:
    """One statement more for who snoozes, or ends it; none for who reads or archives what is not snoozed."""
    asked: list[str] = []
    engine = pushed.ours.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda _, __, statement, *___: asked.append(statement))
    costs: list[int] = []
    for body in ({"read": True}, {"snoozed_until": _text(SOON)}, {"snoozed_until": None}, {"archived": True}):
        asked.clear()
        await _patch(pushed, "n1", **body)
        costs.append(sum("deliveries" in statement for statement in asked))
    assert costs == [0, 1, 1, 0]


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-01T00:00:00Z", "2150-01-01T00:00:00Z", "2027-01-01T00:00:00", 1900000000, "tomorrow", "",
        True,
    ],
)  # fmt: skip
async def test_a_snooze_ends_in_the_next_ten_years(world: World, value: Any) -> None:
    """At an instant with an offset; all else is refused by name and changes nothing."""
    await world.notify("asha", "n1")
    body = assert_problem(await world.call("PATCH", f"{PATH}/n1", json={"snoozed_until": value}), 422)
    assert [error["field"] for error in body["errors"]] == ["snoozed_until"]
    both = {"archived": True, "snoozed_until": _text(SOON)}
    assert_problem(await world.call("PATCH", f"{PATH}/n1", json=both), 422)
    assert (await listed(world))["version"] == 1


async def test_what_is_deleted_is_gone(world: World) -> None:
    """From lists, count, single looks and search; again, somebody else's and an unknown one are 404 alike."""
    await world.notify("asha", "n1", "n2")
    heard = frames(world)
    for who in ({"user": "ben"}, {"tenant": "other"}):
        assert_problem(await world.call("DELETE", f"{PATH}/n1", **who), 404)
    answer = await world.call("DELETE", f"{PATH}/n1")
    assert (answer.status_code, answer.content) == (204, b"")
    again = await world.call("DELETE", f"{PATH}/n1")
    assert_problem(again, 404)
    assert again.content == (await world.call("DELETE", f"{PATH}/unknown")).content
    assert heard == [("acme", "asha", {"type": "notification_deleted", "id": "n1", "unread_count": 1, "version": 2})]
    for status in ("all", "unread", "read", "archived", "snoozed"):
        assert "n1" not in await ids(world, status=status)
    assert await ids(world, q="title") == ["n2"]
    for method, options in (("GET", {}), ("PATCH", {"json": {"read": True}}), ("POST", {})):
        path = f"{PATH}/n1/acknowledge" if method == "POST" else f"{PATH}/n1"
        assert_problem(await world.call(method, path, **options), 404)


ACTS = {
    "read": ({"n1", "n2", "snoozed"}, {"read": ["n1", "n2", "n3"], "unread": []}),
    "unread": ({"n3", "old"}, {"unread": ["n1", "n2", "n3"], "archived": ["old"]}),
    "archive": ({"n1", "n2", "n3", "snoozed"}, {"all": [], "snoozed": []}),
    "unarchive": ({"old"}, {"archived": [], "read": ["n3", "old"]}),
    "delete": ({"n1", "n2", "n3", "old", "snoozed"}, {"all": [], "archived": [], "snoozed": []}),
}


@pytest.mark.parametrize("action", ACTS)
async def test_many_at_once(world: World, action: str) -> None:
    """Of the ids those that are the caller's and not so already: one transaction, one version, one frame."""
    await world.notify("asha", "n1", "n2")
    await world.notify("asha", "n3", read_at=AT)
    await world.notify("asha", "old", read_at=AT, archived_at=AT)
    await world.notify("asha", "snoozed", snoozed_until=SOON)
    await world.notify("ben", "ben-1")
    heard = frames(world)
    changed, lists = ACTS[action]
    some = ["n1", "n2", "n3", "old", "snoozed", "ben-1", "unknown", "n1"]
    answer = await world.call("POST", f"{PATH}/bulk", json={"ids": some, "action": action})
    count = len(await ids(world, status="unread"))
    assert answer.json() == {"changed": len(changed), "count": count, "version": 5}
    assert heard == [("acme", "asha", {"type": "unread_count", "count": count, "version": 5})]
    for status, expected in lists.items():
        assert sorted(await ids(world, status=status)) == expected
    again = await world.call("POST", f"{PATH}/bulk", json={"ids": some, "action": action})
    assert again.json() == {"changed": 0, "count": count, "version": 5}
    assert len(heard) == 1
    theirs = (await world.call("GET", f"{PATH}/ben-1", user="ben")).json()
    assert (theirs["read_at"], theirs["archived_at"]) == (None, None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"ids": ["n"] * 501, "action": "read"}, "ids"), ({"ids": [], "action": "read"}, "ids"),
        ({"ids": "n1", "action": "read"}, "ids"), ({"ids": ["a b"], "action": "read"}, "ids.0"),
        ({"ids": ["n1"], "action": "snooze"}, "action"), ({"action": "read"}, "ids"), ({"ids": ["n1"]}, "action"),
        ({"ids": ["n1"], "action": "read", "category": "tickets"}, "category"),
    ],
)  # fmt: skip
async def test_bad_bulk_acts_are_refused(world: World, body: Any, field: str) -> None:
    """With the field's name, and the limit where it is passed."""
    found = assert_problem(await world.call("POST", f"{PATH}/bulk", json=body), 422)
    assert [error["field"] for error in found["errors"]] == [field]
    assert len(body.get("ids", "")) != 501 or "500" in found["errors"][0]["detail"]


async def test_all_that_is_read_is_deleted_at_once(world: World) -> None:
    """What the list `read` holds, and neither archived nor snoozed; without `status=read` nothing at all."""
    await world.notify("asha", "new")
    await world.notify("asha", "r1", "r2", read_at=AT)
    await world.notify("asha", "old", read_at=AT, archived_at=AT)
    heard = frames(world)
    for query in ("", "?status=all", "?status=unread", "?status="):
        body = assert_problem(await world.call("DELETE", f"{PATH}{query}"), 422)
        assert [error["field"] for error in body["errors"]] == ["status"]
    answer = await world.call("DELETE", f"{PATH}?status=read")
    assert answer.json() == {"deleted": 2, "count": 1, "version": 4}
    assert (await ids(world), await ids(world, status="archived")) == (["new"], ["old"])
    assert (await world.call("DELETE", f"{PATH}?status=read")).json() == {"deleted": 0, "count": 1, "version": 4}
    assert heard == [("acme", "asha", {"type": "unread_count", "count": 1, "version": 4})]


async def test_search_goes_with_filters_pages_and_cursors(world: World) -> None:
    """A cursor is good for its own search only; too long a search is refused."""
    await world.notify("asha", *[f"n{number}" for number in range(3)])
    await world.notify("asha", "invoice", title="Facture réglée", category="billing")
    assert await ids(world, q="REGLEE fact") == await ids(world, q="reg", category="billing") == ["invoice"]
    assert await ids(world, q="reg", category="tickets") == []
    first = await listed(world, q="title", limit=2)
    assert [note["id"] for note in first["items"]] == ["n2", "n1"]
    assert await ids(world, q="title", limit=2, cursor=first["next_cursor"]) == ["n0"]
    for query in ({"q": "soon"}, {}):
        answer = await world.call("GET", PATH, params={**query, "limit": 2, "cursor": first["next_cursor"]})
        assert assert_problem(answer, 422)["errors"][0]["field"] == "cursor"
    assert assert_problem(await world.call("GET", PATH, params={"q": "x" * 201}), 422)["errors"][0]["field"] == "q"


@pytest.mark.parametrize("seed", range(3))
async def test_paging_shows_once_what_was_there_throughout(world: World, seed: int) -> None:
    """While others come, are archived, snoozed and deleted between the pages."""
    chance = random.Random(seed)
    await world.notify("asha", *[f"n{number:02}" for number in range(40)])
    throughout = {f"n{number:02}" for number in range(40)}
    seen: list[str] = []
    cursor = None
    while seen == [] or cursor:
        page = await listed(world, limit=chance.randint(1, 8), **({"cursor": cursor} if cursor else {}))
        seen += [note["id"] for note in page["items"]]
        cursor = page["next_cursor"]
        some = chance.sample(sorted(throughout), 2)
        throughout -= set(some)
        await _patch(world, some[0], **chance.choice(({"archived": True}, {"snoozed_until": _text(SOON)})))
        await world.call("DELETE", f"{PATH}/{some[1]}")
        late = notification("asha", f"late-{len(seen)}", chance.randrange(60))
        await world.notify("asha", late.id, created_at=late.created_at)
    assert len(seen) == len(set(seen))
    assert throughout and throughout <= set(seen)


async def test_the_count_has_no_cap(world: World) -> None:
    """120 unread are 120."""
    for batch in range(3):
        await world.notify("asha", *[f"n{batch}-{number}" for number in range(40)])
    assert (await world.call("GET", f"{PATH}/unread-count")).json()["count"] == 120
    assert (await listed(world, limit=1))["unread_count"] == 120
