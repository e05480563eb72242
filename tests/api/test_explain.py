"""Why somebody was told or not: the timeline of one entity, and of one single event."""

from typing import Any

from punctual.timeline import Entry, Step
from store import ledger
from store.ledger import Delivery
from tests.api.conftest import World, assert_problem
from tests.api.rows import AT, HOUR, LEVEL, OVERDUE, follow_up, level, overdue, stored

PATH = "/v1/entities/follow_up/42"


async def told(world: World) -> None:
    """Asha was told that it is late, ravi will be, and a notice went to ben."""
    notice = Step(key="event-1", type="follow_up.created", stage="notice", due_at=AT - HOUR)
    ref = await stored(world, follow_up(), Entry(notice, "sent"), overdue(), level("planned"), state="overdue")
    rows = [
        Delivery("d1", "ben", "inbox", "event-1", "n1", "sent", None, AT),
        Delivery("d2", "asha", "inbox", OVERDUE, "n2", "sent", None, AT),
        Delivery("d3", "asha", "email", OVERDUE, "n2", "withheld", "bounced", AT),
        Delivery("d4", "ravi", "inbox", OVERDUE, "n3", "sent", None, AT),
    ]
    async with world.ours.database.write() as db:
        await ledger.add(db, ref, rows)


async def timeline(world: World, **query: Any) -> dict[str, list[str]]:
    """Step → whose rows it shows, each once."""
    answer = await world.call("GET", PATH, role="service", params=query)
    assert answer.status_code == 200, answer.text
    steps = answer.json()["timeline"]
    return {step["key"]: sorted({row["user_id"] for row in step["recipients"]}) for step in steps}


async def test_one_persons_timeline_holds_what_concerns_them_and_what_is_to_come(world: World) -> None:
    """Others' rows are left out, and with them the steps that went to others only."""
    await told(world)
    assert await timeline(world) == {"event-1": ["ben"], OVERDUE: ["asha", "ravi"], LEVEL: []}
    assert await timeline(world, user="asha") == {OVERDUE: ["asha"], LEVEL: []}
    assert await timeline(world, user="ben") == {"event-1": ["ben"], LEVEL: []}
    assert await timeline(world, user="nobody") == {LEVEL: []}
    body = assert_problem(await world.call("GET", f"{PATH}?user=a/b", role="service"), 422)
    assert body["errors"][0]["field"] == "user"


async def test_a_level_says_for_whom_it_is(world: World) -> None:
    """In the policy's own word; other steps have no such member."""
    await told(world)
    steps = (await world.call("GET", PATH, role="service")).json()["timeline"]
    assert [(step["key"], step.get("to")) for step in steps] == [
        ("event-1", None), (OVERDUE, None), (LEVEL, "managers"),
    ]  # fmt: skip
    assert "to" not in steps[0]
    assert (steps[2]["outcome"], steps[2]["reason"]) == ("planned", None)


async def test_a_single_event_is_explained_to_whom_it_was_for(world: World) -> None:
    """And to services; it is listed when it is asked for, and not among the CRM's entities."""
    body = {
        "id": "s1",
        "type": "custom",
        "data": {"title": "Keys", "message": "Back.", "recipients": {"everyone": True}},
    }
    step = Step(key="event-2", type="custom", stage="notice", due_at=AT)
    ref = await stored(world, body, Entry(step, "sent"), state="closed")
    async with world.ours.database.write() as db:
        await ledger.add(db, ref, [Delivery("d1", "asha", "inbox", "event-2", "n1", "withheld", "preference", AT)])
    path = f"/v1/entities/notification/{ref.id}"
    found = (await world.call("GET", path)).json()
    assert (found["kind"], found["id"], found["state"]) == ("notification", ref.id, "closed")
    assert [row["reason"] for row in found["timeline"][0]["recipients"]] == ["preference"]
    assert_problem(await world.call("GET", path, user="ben"), 404)
    # Who else was told is for services to see.
    async with world.ours.database.write() as db:
        await ledger.add(db, ref, [Delivery("d2", "ravi", "inbox", "event-2", "n2", "sent", None, AT)])
    seen = {}
    for role in ("user", "service"):
        shown = (await world.call("GET", path, role=role)).json()
        who = {row["user_id"] for row in shown["timeline"][0]["recipients"]}
        seen[role] = (who, "recipients" in shown["entity"])
    assert seen == {"user": ({"asha"}, False), "service": ({"asha", "ravi"}, True)}
    await stored(world, follow_up())

    async def kinds(**query: str) -> list[str]:
        page = (await world.call("GET", "/v1/entities", role="service", params=query)).json()
        return [item["kind"] for item in page["items"]]

    assert await kinds() == ["follow_up"]
    assert await kinds(kind="notification") == ["notification"]
    assert await kinds(kind="notification", state="open") == []
