"""Single events over HTTP: every type of the catalogue that is no entity's event."""

from datetime import UTC, datetime
from typing import Any

import pytest

from punctual.events import parse
from tests.api.conftest import World, assert_problem, event
from tests.api.test_events import post

LEAD = {"name": "Meera Iyer", "stage": "won", "assignee_id": "asha"}


def single(type_: str = "custom", /, id: str = "s1", **data: Any) -> dict[str, Any]:
    """A good event without a time; `data` replaces that of a `custom` one."""
    free = {"title": "Keys", "message": "They are back.", "recipients": {"user_ids": ["asha"]}}
    return {"id": id, "source": "crm", "type": type_, "data": data or free}


async def refusals(world: World, body: dict[str, Any]) -> dict[str, str]:
    """Pointer → words of what is wrong with an event."""
    problem = assert_problem(await post(world, body), 422)
    assert world.temporal.started == []
    return {error["pointer"]: error["detail"] for error in problem["errors"]}


async def test_a_single_event_has_a_workflow_of_its_own(world: World) -> None:
    """Its id is made of source and id, so that the same event again is the same workflow; the time is ours."""
    answer = await post(world, single())
    about = parse(single(), now=datetime.now(UTC)).about
    assert answer.json() == {"accepted": [{"id": "s1", "workflow_id": f"acme/notification/{about}"}]}
    assert len(about) == 32
    await post(world, single())
    (first, signalled), (again, _) = world.temporal.started
    assert first == again == f"acme/notification/{about}"
    assert abs(datetime.fromisoformat(signalled["time"]) - datetime.now(UTC)).total_seconds() < 60
    assert signalled["data"]["recipients"]["user_ids"] == ["asha"]


async def test_a_batch_may_mix_kinds(world: World) -> None:
    """Each goes to its own workflow, in the batch's order."""
    task = {**event("t1", "task.created"), "data": {"id": "7", "title": "Call", "assignee_ids": ["asha"]}}
    answer = await post(world, [event(), single(), task, single("lead.stage_changed", "s2", **LEAD)])
    ids = [item["workflow_id"].split("/")[1] for item in answer.json()["accepted"]]
    assert ids == ["appointment", "notification", "task", "notification"]


@pytest.mark.parametrize(
    ("alias", "type_"),
    [("welcome_message", "user.welcome"), ("FOLLOWUP_OVERDUE", "follow_up.overdue"), ("task.done", "task.completed")],
)
async def test_old_names_are_todays(world: World, alias: str, type_: str) -> None:
    """Aliases of the catalogue, of entities' events and of others, reach the workflow under today's name."""
    example = world.ours.notices[type_].about.example
    answer = await post(world, {**event("e1", alias), "data": example})
    assert answer.status_code == 202, answer.text
    assert world.temporal.started[0][1]["type"] == type_


async def test_an_unknown_type_is_named(world: World) -> None:
    """With whatever else is wrong."""
    assert await refusals(world, single("lead.exploded")) == {"/type": "is not a known event type"}
    body = {**single("lead.exploded"), "id": ""}
    assert set(await refusals(world, body)) == {"/type", "/id"}


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        (single("lead.stage_changed", name="Meera", assignee_id="asha"), {"/data/stage"}),
        (single("lead.stage_changed", **LEAD, colour="red"), {"/data/colour"}),
        (single("lead.stage_changed", **LEAD, amount="much"), {"/data/amount"}),
        (single("lead.stage_changed", **LEAD, priority="asap"), {"/data/priority"}),
        (single("lead.stage_changed", **LEAD, action_url="//evil.example"), {"/data/action_url"}),
        (single("lead.stage_changed", **LEAD, action_url="https://evil.example/"), {"/data/action_url"}),
        (single("lead.stage_changed", **LEAD, send_at="soon", expires_at=5), {"/data/send_at", "/data/expires_at"}),
        (single("lead.stage_changed", **LEAD, recipients={"user_ids": []}), {"/data/recipients"}),
        (single("lead.stage_changed", **LEAD, recipients={"users": ["asha"]}), {"/data/recipients/users"}),
        (single("lead.stage_changed", name="x\u202ey", stage=[], **{"dedupe_key": ""}),
         {"/data/name", "/data/stage", "/data/dedupe_key"}),
        ({**single(), "data": []}, {"/data"}),
        ({**single(), "time": "yesterday"}, {"/time"}),
    ],
)  # fmt: skip
async def test_each_bad_field_is_named(world: World, body: dict[str, Any], pointers: set[str]) -> None:
    """The notice's own fields and those that every event may carry, at once."""
    assert set(await refusals(world, body)) == pointers


@pytest.mark.parametrize(
    "data",
    [
        {"name": "Meera", "stage": "new"},
        {"name": "Meera", "stage": "new", "recipients": None},
        {"name": "Meera", "stage": "new", "assignee_ids": []},
    ],
)
async def test_somebody_must_be_meant(world: World, data: dict[str, Any]) -> None:
    """Without recipients the data itself has to name whom the notice is for."""
    [(pointer, detail)] = (await refusals(world, single("lead.stage_changed", **data))).items()
    assert pointer == "/data/recipients"
    assert "names nobody" in detail


async def test_an_audience_of_the_directory_needs_no_recipients(world: World) -> None:
    """Roles and everybody are somebody, whoever has them."""
    for type_ in ("system.alert", "inventory.low_stock"):
        example = {**world.ours.notices[type_].about.example}
        example.pop("recipients", None)
        assert (await post(world, single(type_, **example))).status_code == 202


async def test_one_of_a_batch_is_named_by_its_index(world: World) -> None:
    """The whole batch is refused."""
    body = assert_problem(await post(world, [event(), single("nothing.known")]), 422)
    assert [(error["index"], error["pointer"]) for error in body["errors"]] == [(1, "/1/type")]


async def test_a_later_event_starts_its_workflow_at_once(world: World) -> None:
    """It sleeps by itself until `send_at`."""
    body = single("lead.stage_changed", **LEAD, send_at="2027-01-01T00:00:00+01:00")
    assert (await post(world, body)).status_code == 202
    assert world.temporal.started[0][1]["data"]["send_at"] == "2026-12-31T23:00:00Z"
