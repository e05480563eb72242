"""What a policy may say, whom it is applied to, and what it would change."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from punctual import events, hearing, planning
from punctual.lifecycle import Record
from punctual.policy import Policy
from punctual.protocol import Heard
from punctual.registry import ENTITIES
from punctual.scene import scene_of
from punctual.timeline import Entry
from store import entities, policies
from tests.api.conftest import World, assert_problem
from tests.api.rows import follow_up, load, stored

PATH = "/v1/admin/policies"
DUE = (datetime.now(UTC) + timedelta(days=30)).replace(microsecond=0)
PLAIN = {"reminders": [{"before": "PT2H"}], "overdue_after": "PT15M"}


async def put(world: World, body: dict[str, Any], kind: str = "follow_up", **options: Any) -> Any:
    return await world.call("PUT", f"{PATH}/{kind}", **{"role": "admin", "json": body, **options})


async def preview(world: World, body: dict[str, Any]) -> dict[str, Any]:
    answer = await world.call("POST", f"{PATH}/follow_up/preview", role="admin", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_every_kind_has_a_policy_and_single_events_have_none(world: World) -> None:
    """Only a ticket's shows targets; what is shown can be put again."""
    for kind in ENTITIES:
        shown = (await world.call("GET", f"{PATH}/{kind}", role="admin")).json()
        assert ({"first_response", "resolution"} <= shown.keys()) == (kind == "ticket")
        assert (await put(world, shown, kind)).json() == shown
    for method, path in (("GET", ""), ("PUT", ""), ("POST", "/preview")):
        answer = await world.call(method, f"{PATH}/notification{path}", role="admin", json={})
        assert_problem(answer, 404)


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        ("appointment", {"reminders": [{"before": "PT0S"}]}, "reminders.0.before"),
        ("task", {"resolution": {"high": "PT1H"}}, "resolution"),
        ("ticket", {"escalation": {"levels": [{"to": "managers", "after": "PT1H"}]}}, "escalation.levels"),
        ("follow_up", {"calendar": {"country": "ZZ", "hours": {"mon": [["09:00", "17:00"]]}}}, "calendar.country"),
    ],
)
async def test_what_cannot_work_is_refused_by_both(world: World, kind: str, body: dict[str, Any], field: str) -> None:
    """Putting and previewing name the field, and nothing is stored."""
    previewed = await world.call("POST", f"{PATH}/{kind}/preview", role="admin", json=body)
    for answer in (await put(world, body, kind), previewed):
        assert [error["field"] for error in assert_problem(answer, 422)["errors"]] == [field]
    async with world.ours.database.read() as db:
        assert (await policies.current(db, "acme", kind)).version == 0


async def test_only_admins_set_policies(world: World) -> None:
    """And what is applied is one of two words."""
    for role in ("user", "service"):
        assert_problem(await put(world, PLAIN, role=role), 403)
    assert_problem(await put(world, PLAIN, params={"apply": "all"}), 422)


async def test_a_new_policy_is_for_what_begins_from_now_on(world: World) -> None:
    """What is under way keeps its version, and no workflow is told."""
    ref = await stored(world, follow_up())
    await put(world, PLAIN)
    assert (await load(world, ref)).policy_version == 0
    assert world.temporal.replanned == []


async def test_applied_to_what_is_open_it_moves_that_and_nothing_else(world: World) -> None:
    """Each workflow of the kind that has not ended is told to plan anew, page by page."""
    refs = [await stored(world, follow_up(f"f{number:03}")) for number in range(203)]
    ended = await stored(world, follow_up("ended"), state="closed")
    task = await stored(world, {**follow_up("7"), "type": "task.created"})
    answer = await put(world, PLAIN, params={"apply": "open"})
    assert answer.status_code == 200
    assert sorted(world.temporal.replanned) == [ref.workflow_id for ref in refs]
    versions = [(await load(world, ref)).policy_version for ref in (refs[0], refs[-1], ended, task)]
    assert versions == [1, 1, 0, 0]


async def test_while_temporal_is_away_applying_is_to_be_repeated(world: World) -> None:
    """503 with the wait; the repetition tells everybody, and makes no other version."""
    ref = await stored(world, follow_up())
    world.temporal.down = True
    answer = await put(world, PLAIN, params={"apply": "open"})
    assert_problem(answer, 503)
    assert answer.headers["retry-after"]
    world.temporal.down = False
    assert (await put(world, PLAIN, params={"apply": "open"})).status_code == 200
    assert world.temporal.replanned == [ref.workflow_id]
    async with world.ours.database.read() as db:
        assert (await policies.current(db, "acme", "follow_up")).version == 1


async def _planned(world: World, id_: str, policy: dict[str, Any], **data: Any) -> None:
    """A follow-up as its own planning under `policy` leaves it."""
    body = follow_up(id_, due_at=DUE.isoformat(), **data)
    now = datetime.now(UTC)
    kind = ENTITIES["follow_up"]
    heard = [Heard(event=events.parse(body, now=now), at=now)]
    plan = hearing.fold(kind, Record(), {}, heard, [], now)
    plan = planning.complete(kind, plan, scene_of(Policy.model_validate(policy), "UTC", now), now)
    async with world.ours.database.read() as db:
        version = (await policies.current(db, "acme", "follow_up")).version
    told = [Entry(entry.step, "sent") if entry.step.stage == "notice" else entry for entry in plan.entries.values()]
    await stored(world, body, *told, policy_version=version)


@pytest.mark.parametrize(
    ("changes", "moved", "added", "removed"),
    [
        ({}, 0, 0, 0),
        ({"overdue_after": "PT30M"}, 1, 0, 0),
        ({"reminders": [{"before": "PT2H"}, {"before": "PT5M"}]}, 0, 1, 0),
        ({"reminders": [{"before": "PT3H"}]}, 0, 1, 1),
        ({"overdue_after": None}, 0, 0, 1),
        ({"escalation": {"levels": [{"to": "assignees", "after": "PT0S"}, {"to": "managers", "after": "PT1H"}]}},
         0, 2, 0),
        ({"reminders": [{"before": "P60D"}, {"before": "PT2H"}]}, 0, 0, 0),
        ({"calendar": {"hours": {"sun": [["09:00", "10:00"]]}}, "reminders": []}, 1, 0, 1),
    ],
)  # fmt: skip
async def test_a_preview_counts_what_would_change(
    world: World, changes: dict[str, Any], moved: int, added: int, removed: int
) -> None:
    """Entities that would change; of them steps by key: at another instant, new, gone; what is past is neither."""
    await put(world, PLAIN)
    for id_ in ("1", "2"):
        await _planned(world, id_, PLAIN)
    await stored(world, follow_up("ended"), state="closed")
    assert await preview(world, {**PLAIN, **changes}) == {
        "entities": 2 * bool(moved or added or removed),
        "steps_moved": 2 * moved, "steps_added": 2 * added, "steps_removed": 2 * removed,
    }  # fmt: skip


async def test_a_preview_compares_with_what_each_entity_follows_and_writes_nothing(world: World) -> None:
    """Not with the newest policy, which is only for what begins later."""
    await put(world, PLAIN)
    await _planned(world, "1", PLAIN)
    later = {**PLAIN, "overdue_after": "PT45M"}
    await put(world, later)
    async with world.ours.database.read() as db:
        before = await entities.entries_of(db, "acme", "follow_up", ["1"])
    assert (await preview(world, later))["steps_moved"] == 1
    assert (await preview(world, PLAIN))["steps_moved"] == 0
    async with world.ours.database.read() as db:
        assert await entities.entries_of(db, "acme", "follow_up", ["1"]) == before
    assert world.temporal.replanned == []


async def test_a_preview_of_nothing_is_zero(world: World) -> None:
    """Another tenant's entities are not counted either."""
    await _planned(world, "1", PLAIN)
    answer = await world.call("POST", f"{PATH}/follow_up/preview", role="admin", tenant="other", json=PLAIN)
    assert answer.json() == {"entities": 0, "steps_moved": 0, "steps_added": 0, "steps_removed": 0}
