"""Acknowledging, snoozing and reminding over HTTP: who may, when it makes sense, and what is answered when not."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

from api.gateway import Unavailable
from punctual.protocol import Act, Ref
from store import entities
from tests.api.conftest import STANDS, World, assert_problem, refusal
from tests.api.rows import AT, LEVEL, OVERDUE, late, stored
from tests.api.test_inbox import frames

PATH = "/v1/entities/follow_up/42"
ACTS: dict[str, dict[str, Any]] = {
    "acknowledge": {}, "snooze": {"json": {"until": "next_working_morning"}}, "remind-now": {},
}  # fmt: skip
SINGLE = {
    "id": "s1", "type": "custom",
    "data": {"title": "Keys", "message": "They are back.", "recipients": {"user_ids": ["asha"]}},
}  # fmt: skip


async def act(world: World, what: str = "acknowledge", **options: Any) -> Any:
    return await world.call("POST", f"{PATH}/{what}", **{**ACTS[what], **options})


@pytest.mark.parametrize("what", ACTS)
async def test_an_act_is_handed_to_the_workflow_and_its_answer_handed_back(world: World, what: str) -> None:
    """The contract's three fields, exactly as the workflow says them."""
    await late(world)
    answer = await act(world, what)
    assert (answer.status_code, answer.json()) == (200, STANDS)
    until = {"until": "next_working_morning"} if what == "snooze" else {}
    said = {"user_id": "asha", "override": False, **until}
    assert world.temporal.updates == [("acme/follow_up/42", what.replace("-", "_"), said)]


@pytest.mark.parametrize(("role", "override"), [("user", False), ("admin", True), ("service", True)])
async def test_the_role_of_admins_and_services_is_enough(world: World, role: str, override: bool) -> None:
    """The workflow checks users itself; for the others the API vouches."""
    await late(world)
    user = "asha" if role == "user" else "crm"
    assert (await act(world, role=role, user=user)).status_code == 200
    assert world.temporal.updates[0][2] == {"user_id": user, "override": override}


@pytest.mark.parametrize("what", ACTS)
async def test_what_is_out_of_reach_does_not_exist(world: World, what: str) -> None:
    """Byte for byte the same for a stranger, another tenant and an unknown id, whatever the body; nobody is asked."""
    await late(world)
    unknown = await world.call("POST", f"/v1/entities/follow_up/unknown/{what}", **ACTS[what])
    assert_problem(unknown, 404)
    for options in ({"user": "stranger"}, {"role": "admin", "tenant": "other"}, {"user": "stranger", "json": {}}):
        assert (await act(world, what, **options)).content == unknown.content
    assert world.temporal.updates == []


@pytest.mark.parametrize("step", [OVERDUE, LEVEL])
async def test_whoever_was_told_of_its_escalation_reaches_it(world: World, step: str) -> None:
    """They need be neither assigned nor above; being told of anything else is not enough."""
    await late(world)
    await world.notify("colleague", "n1", kind="follow_up", entity_id="42", step_key=step)
    await world.notify("friend", "n2", kind="follow_up", entity_id="42", step_key="event-1")
    assert (await act(world, user="colleague")).status_code == 200
    assert (await world.call("GET", PATH, user="colleague")).status_code == 200
    assert_problem(await act(world, user="friend"), 404)


@pytest.mark.parametrize("what", ACTS)
async def test_what_has_ended_is_refused_without_temporal(world: World, what: str) -> None:
    """The database knows; the reason has a name."""
    await late(world, state="closed")
    world.temporal.down = True
    body = assert_problem(await act(world, what), 409)
    assert (body["code"], body["detail"]) == ("closed", "It has ended.")


@pytest.mark.parametrize(
    ("code", "status"),
    [("closed", 409), ("nothing_to_acknowledge", 409), ("nothing_to_remind_of", 409), ("not_yours", 403),
     ("invalid", 422)],
)  # fmt: skip
async def test_a_workflows_refusal_has_its_status_name_and_words(world: World, code: str, status: int) -> None:
    """Problem details with the reason as `code`."""
    await late(world)
    world.temporal.answer = refusal(code, "Because.")
    body = assert_problem(await act(world, "snooze"), status)
    assert body["code"] == code
    if code == "invalid":
        assert [(error["field"], error["detail"]) for error in body["errors"]] == [("until", "Because.")]
    else:
        assert body["detail"] == "Because."


@pytest.mark.parametrize(
    "until", ["tomorrow", "2026-11-20T10:00:00", "", None, 5, ["next_working_morning"], "9999-01-01T00:00:00Z"]
)
async def test_a_bad_until_is_named_once(world: World, until: Any) -> None:
    """One problem at `until`, and the workflow is not asked."""
    await late(world)
    body = assert_problem(await act(world, "snooze", json={"until": until}), 422)
    assert [error["field"] for error in body["errors"]] == ["until"]
    assert world.temporal.updates == []


async def test_the_state_is_checked_before_the_body(world: World) -> None:
    """What has ended is not worth a better body."""
    await late(world, state="closed")
    assert_problem(await act(world, "snooze", json={"until": "soon"}), 409)


async def test_an_instant_to_snooze_until_may_have_any_offset(world: World) -> None:
    """It reaches the workflow in UTC."""
    await late(world)
    until = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    await act(world, "snooze", json={"until": until.astimezone(timezone(timedelta(hours=5))).isoformat()})
    assert datetime.fromisoformat(world.temporal.updates[0][2]["until"]) == until


@pytest.mark.parametrize(
    "failure",
    [
        RPCError("away", RPCStatusCode.UNAVAILABLE, b""),
        WorkflowUpdateRPCTimeoutOrCancelledError(),
        refusal("AcceptedUpdateCompletedWorkflow"),
        RuntimeError("not connected"),
    ],
)
async def test_without_an_answer_the_client_is_to_come_back(world: World, failure: Exception) -> None:
    """503 with the wait; unless the entity has ended in the same moment, which is then the reason."""
    ref = await late(world)
    world.temporal.answer = failure
    answer = await act(world)
    assert_problem(answer, 503)
    assert int(answer.headers["retry-after"]) > 0

    async def ends(_: Ref, __: Act) -> None:
        async with world.ours.database.write() as db:
            await entities.advance(db, ref, "closed")
        raise Unavailable("Nobody answers.")

    world.app.state.gateway.act = ends
    assert assert_problem(await act(world), 409)["code"] == "closed"


async def test_an_idempotency_key_makes_a_repetition_the_same_act(world: World) -> None:
    """The same key of the same caller on the same path has one id; without one, each act is its own."""
    await late(world)
    key = {"Idempotency-Key": "k1"}
    for options in ({"headers": key}, {"headers": key}, {}, {}, {"headers": {"Idempotency-Key": "k2"}}):
        await act(world, **options)
    await act(world, "remind-now", headers=key)
    await act(world, role="admin", user="olga", headers=key)
    first, again, *others = world.temporal.update_ids
    assert first == again
    assert len({first, *others}) == 6
    assert_problem(await act(world, headers={"Idempotency-Key": "k" * 256}), 422)


async def test_a_single_event_is_told_once_and_asks_for_nothing(world: World) -> None:
    """Neither while it waits nor to those it is for."""
    ref = await stored(world, {**SINGLE, "data": {**SINGLE["data"], "send_at": "2027-01-01T00:00:00Z"}})
    for what, code in (("acknowledge", "nothing_to_acknowledge"), ("remind-now", "nothing_to_remind_of")):
        answer = await world.call("POST", f"/v1/entities/notification/{ref.id}/{what}", role="service")
        assert assert_problem(answer, 409)["code"] == code
    assert world.temporal.updates == []


NOTE = "/v1/notifications/n1/acknowledge"


@pytest.mark.parametrize("step", [OVERDUE, LEVEL])
async def test_a_notification_acknowledges_its_entity_and_shows_it(world: World, step: str) -> None:
    """The answer is the notification after it, and the reader's other devices hear of it."""
    await late(world)
    await world.notify("asha", "n1", kind="follow_up", entity_id="42", step_key=step)
    heard = frames(world)
    answer = await world.call("POST", NOTE)
    assert (answer.status_code, answer.json()["id"]) == (200, "n1")
    assert answer.json()["acknowledged_at"]
    assert world.temporal.updates == [("acme/follow_up/42", "acknowledge", {"user_id": "asha", "override": False})]
    assert [frame["type"] for _, _, frame in heard] == ["notification_updated"]
    again = await world.call("POST", NOTE)
    assert again.json() == answer.json()


async def test_a_notification_of_nothing_late_cannot_be_acknowledged(world: World) -> None:
    """One of another step, one of a single event, and one of what has ended have their reasons."""
    await late(world, state="closed")
    single = await stored(world, SINGLE)
    await world.notify("asha", "n1", kind="follow_up", entity_id="42", step_key="event-1")
    assert assert_problem(await world.call("POST", NOTE), 409)["code"] == "nothing_to_acknowledge"
    await world.notify("asha", "n2", kind="notification", entity_id=single.id, step_key="event-2")
    other = await world.call("POST", "/v1/notifications/n2/acknowledge")
    assert assert_problem(other, 409)["code"] == "nothing_to_acknowledge"
    await world.notify("asha", "n3", kind="follow_up", entity_id="42", step_key=OVERDUE)
    ended = await world.call("POST", "/v1/notifications/n3/acknowledge")
    assert assert_problem(ended, 409)["code"] == "closed"
    assert world.temporal.updates == []


async def test_a_refused_acknowledgement_leaves_the_notification_as_it_was(world: World) -> None:
    """Somebody else has it in hand."""
    await late(world, state="acknowledged", acknowledged_by="ravi")
    await world.notify("asha", "n1", kind="follow_up", entity_id="42", step_key=OVERDUE)
    world.temporal.answer = refusal("nothing_to_acknowledge", "ravi has it in hand.")
    assert assert_problem(await world.call("POST", NOTE), 409)["detail"] == "ravi has it in hand."
    assert (await world.call("GET", "/v1/notifications/n1")).json()["acknowledged_at"] is None


async def test_other_peoples_notifications_do_not_exist(world: World) -> None:
    """Nor do they for a service, which has no inbox."""
    await late(world)
    await world.notify("ravi", "n1", kind="follow_up", entity_id="42", step_key=OVERDUE, created_at=AT)
    unknown = await world.call("POST", "/v1/notifications/unknown/acknowledge")
    assert_problem(unknown, 404)
    assert (await world.call("POST", NOTE)).content == unknown.content
    assert_problem(await world.call("POST", NOTE, role="service"), 403)
