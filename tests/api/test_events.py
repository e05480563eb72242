"""Events on their way to Temporal."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.gateway import IN_FLIGHT
from tests.api.conftest import World, assert_problem, event

BATCH = {"content-type": "application/cloudevents-batch+json"}
ONE = {"content-type": "application/cloudevents+json"}


async def post(world: World, body: Any, **options: Any) -> Any:
    return await world.call("POST", "/v1/events", **{"role": "service", "json": body, **options})


@pytest.mark.parametrize("headers", [ONE, {"content-type": "application/json"}])
async def test_one_event_is_signalled_to_its_workflow(world: World, headers: dict[str, str]) -> None:
    """The answer names the workflow, which has had the event as it was parsed."""
    answer = await post(world, event(), headers=headers)
    assert answer.status_code == 202
    assert answer.json() == {"accepted": [{"id": "e1", "workflow_id": "acme/appointment/42"}]}
    [(workflow_id, signalled)] = world.temporal.started
    assert workflow_id == "acme/appointment/42"
    assert signalled["data"]["starts_at"] == "2026-11-20T10:00:00Z"


@pytest.mark.parametrize("headers", [BATCH, {"content-type": "application/json"}])
async def test_a_list_is_answered_in_its_order(world: World, headers: dict[str, str]) -> None:
    """Each event of a list has its place in the answer."""
    events = [event(f"e{number}", id=f"a{number % 7}") for number in range(20)]
    answer = await post(world, events, headers=headers)
    expected = [{"id": f"e{number}", "workflow_id": f"acme/appointment/a{number % 7}"} for number in range(20)]
    assert answer.json() == {"accepted": expected}


async def test_an_empty_list_is_nothing_to_do(world: World) -> None:
    """A sender with nothing to say need not know that."""
    assert (await post(world, [])).json() == {"accepted": []}


async def test_events_of_one_entity_go_in_order_of_time(world: World) -> None:
    """However a batch is sorted, each entity hears its events as they happened."""
    times = [3, 1, 2]
    events = [
        {**event(f"{name}{hour}", id=name), "time": f"2025-01-01T0{hour}:00:00Z"} for hour in times for name in "ab"
    ]
    await post(world, events)
    for name in "ab":
        heard = [signal["id"] for id_, signal in world.temporal.started if id_.endswith(name)]
        assert heard == [f"{name}1", f"{name}2", f"{name}3"]


async def test_a_thousand_entities_go_side_by_side_within_bounds(world: World) -> None:
    """The largest batch is taken, and never more than fifty calls are under way."""
    answer = await post(world, [event(f"e{number}", id=f"a{number}") for number in range(1000)])
    assert answer.status_code == 202
    assert len(world.temporal.started) == 1000
    assert world.temporal.most_at_once == IN_FLIGHT


async def test_when_temporal_is_down_nothing_is_promised(world: World) -> None:
    """503 with the wait, for one event and for many; a repetition is taken later."""
    world.temporal.down = True
    for body in (event(), [event("e1", id="a"), event("e2", id="b")]):
        answer = await post(world, body)
        assert_problem(answer, 503)
        assert int(answer.headers["retry-after"]) > 0
    world.temporal.down = False
    assert (await post(world, event())).status_code == 202


async def test_one_bad_event_refuses_the_whole_batch_and_every_problem_is_named(world: World) -> None:
    """Index and field of each problem are named, and nothing reaches Temporal."""
    bad = [
        event(),
        event("e2", starts_at="tomorrow", colour="red"),
        {**event("e3"), "time": "yesterday"},
        "not an event",
        event("e5", "appointment.exploded"),
        {name: value for name, value in event("e6").items() if name != "id"},
        event("e7", timezone="../../x", customer_name="evil\u202etxt"),
        {**event("e8"), "time": (datetime.now(UTC) + timedelta(minutes=6)).isoformat()},
    ]
    body = assert_problem(await post(world, bad), 422)
    named = {(error["index"], error["field"], error["pointer"]) for error in body["errors"]}
    assert named == {
        (1, "data.starts_at", "/1/data/starts_at"),
        (1, "data.colour", "/1/data/colour"),
        (2, "time", "/2/time"),
        (3, "", "/3"),
        (4, "type", "/4/type"),
        (5, "id", "/5/id"),
        (6, "data.timezone", "/6/data/timezone"),
        (6, "data.customer_name", "/6/data/customer_name"),
        (7, "time", "/7/time"),
    }
    assert world.temporal.started == []


async def test_the_problems_of_one_event_have_no_index(world: World) -> None:
    """Outside of a list the path is the event's own; values and long names are not echoed."""
    answer = await post(world, event(title="secret\0title".replace("\0", "\x07"), **{"x" * 5000: 1}))
    body = assert_problem(answer, 422)
    assert [error["field"] for error in body["errors"]] == ["data.title", f"data.{'x' * 64}"[:69]]
    assert all("index" not in error for error in body["errors"])
    assert "secret" not in answer.text
    assert len(answer.text) < 2000


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "//evil.example", "/\\evil.example", "\\\\evil.example", "///evil.example",
        "data:text/html,x", "https://evil.example/", "https://crm.example.com@evil.example/",
        "https://crm.example.com.evil.example/", "http://crm.example.com/", "/a\nb", "https://127.1/",
    ],
)  # fmt: skip
async def test_unsafe_action_urls_are_refused(world: World, url: str) -> None:
    """Only relative paths and https on an allowed host may become a link."""
    body = assert_problem(await post(world, [event("e0"), event(action_url=url)]), 422)
    assert [(error["index"], error["field"]) for error in body["errors"]] == [(1, "data.action_url")]


@pytest.mark.parametrize("url", ["/appointments/42", "https://crm.example.com/a?b=c"])
async def test_safe_action_urls_pass(world: World, url: str) -> None:
    """What ACTION_URL_HOSTS allows is taken as it is."""
    assert (await post(world, event(action_url=url))).status_code == 202


async def test_limits(world: World) -> None:
    """1,001 events and an event over 256 KiB are refused; the large one is named."""
    assert_problem(await post(world, [event(f"e{number}") for number in range(1001)]), 422)
    large = event("large", metadata={"note": "x" * 256 * 1024})
    assert_problem(await post(world, large), 413)
    body = assert_problem(await post(world, [event(), large]), 413)
    assert [error["index"] for error in body["errors"]] == [1]
    assert world.temporal.started == []


async def test_content_type_and_shape_agree(world: World) -> None:
    """A batch is a list and one event is not; anything but JSON is another media type."""
    assert_problem(await post(world, event(), headers=BATCH), 422)
    assert_problem(await post(world, [event()], headers=ONE), 422)
    assert_problem(await post(world, event(), headers={"content-type": "application/xml"}), 415)
    for body in (1, "x", False):
        assert_problem(await post(world, body), 422)


async def test_extension_attributes_pass_but_none_speaks_for_us(world: World) -> None:
    """A sender cannot say when we accepted its event."""
    body = {**event(), "traceparent": "00-abc", "punctualaccepted": "1999-01-01T00:00:00Z", "subject": "x"}
    assert (await post(world, body)).status_code == 202
    [(_, signalled)] = world.temporal.started
    accepted = datetime.fromisoformat(signalled["punctualaccepted"])
    assert datetime.now(UTC) - accepted < timedelta(minutes=1)


async def test_a_tenants_events_go_to_its_own_workflows(world: World) -> None:
    """The token alone says whose event it is."""
    answer = await post(world, event(), tenant="other")
    assert answer.json()["accepted"][0]["workflow_id"] == "other/appointment/42"


async def test_old_type_names_are_taken(world: World) -> None:
    """An alias is signalled under today's name."""
    assert (await post(world, event("e1", "appointment_created"))).status_code == 202
    assert world.temporal.started[0][1]["type"] == "appointment.scheduled"


async def test_real_temporal_has_the_event_when_the_answer_is_there(world: World, temporal: Any) -> None:
    """Against Temporal itself: a workflow waits with our signal in its history, and nothing of it is readable."""
    world.app.state.gateway = type(world.app.state.gateway)(temporal.client)
    assert (await post(world, event(id="durable"))).status_code == 202
    history = await temporal.client.get_workflow_handle("acme/appointment/durable").fetch_history()
    signals = [one for one in history.events if one.HasField("workflow_execution_signaled_event_attributes")]
    [payload] = signals[0].workflow_execution_signaled_event_attributes.input.payloads
    assert payload.metadata["encoding"] == b"binary/encrypted"
    assert b"Meera" not in json.dumps(history.to_json()).encode()
    assert await world.app.state.gateway.is_healthy()
