"""Tickets in virtual time: deadlines by event or policy, a clock that stands while waiting, messages never lost."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from punctual.policy import Escalation, Level, Policy
from tests.world import World, user

MINUTE, H = timedelta(minutes=1), timedelta(hours=1)
PROMPT = timedelta(seconds=2)
BY_PRIORITY = Policy(overdue_after="PT0S", first_response={"high": "PT1H"}, resolution={"high": "PT8H"})


@pytest.fixture
async def desk(world: World) -> World:
    """Tickets of the customer ben, for asha, whose manager is ravi; clocks run at any hour."""
    world.kind = "ticket"
    await world.people(user("ben"))
    await world.follow(BY_PRIORITY)
    return world


async def say(world: World, virtual: WorkflowEnvironment, type_: str, opened: datetime, **data: Any) -> Any:
    at = await virtual.get_current_time()
    return await world.tell(world.event(type_, at, opened_at=opened, requester_id="ben", **data))


def message(number: int, author: str) -> dict[str, str]:
    return {"id": f"m{number}", "author_id": author, "text": f"words {number}"}


async def instants(world: World, type_: str, name: str = "asha") -> list[datetime]:
    return [note.created_at for note in await world.inbox(name) if note.type == type_]


async def test_deadlines_follow_the_priority_where_the_event_names_none(
    desk: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """First answer after one hour, resolution after eight."""
    await say(desk, virtual, "created", now)
    await virtual.sleep(9 * H)
    for type_, due in (("ticket.response_overdue", now + H), ("ticket.overdue", now + 8 * H)):
        (got,) = await instants(desk, type_)
        assert timedelta(0) <= got - due < PROMPT


async def test_the_event_s_own_deadlines_win(desk: World, virtual: WorkflowEnvironment, now: datetime) -> None:
    """What the CRM names is not second-guessed."""
    await say(desk, virtual, "created", now, first_response_due_at=now + 2 * H, resolution_due_at=now + 3 * H)
    await virtual.sleep(10 * H)
    assert (await instants(desk, "ticket.response_overdue"))[0] - (now + 2 * H) < PROMPT
    assert (await instants(desk, "ticket.overdue"))[0] - (now + 3 * H) < PROMPT


async def test_an_answer_in_time_means_no_alarm_about_the_first_answer(
    desk: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """What the customer writes is no answer; what the staff writes is."""
    await say(desk, virtual, "created", now)
    await say(desk, virtual, "message", now, message=message(1, "ben"))
    await virtual.sleep(H / 2)
    await say(desk, virtual, "message", now, message=message(2, "asha"))
    await virtual.sleep(5 * H)
    assert await instants(desk, "ticket.response_overdue") == []


@pytest.mark.parametrize("named", [True, False])
async def test_while_it_waits_its_clock_stands(
    desk: World, virtual: WorkflowEnvironment, now: datetime, named: bool
) -> None:
    """Four hours of waiting move the resolution by four hours, by policy and where the event names it."""
    due = {"resolution_due_at": now + 8 * H} if named else {}
    await say(desk, virtual, "created", now, message=message(1, "asha"), **due)
    await virtual.sleep(2 * H)
    began = await virtual.get_current_time()
    await say(desk, virtual, "updated", now, status="waiting", message=message(1, "asha"), **due)
    await virtual.sleep(4 * H)
    assert [step for step in (await desk.timeline()).items() if step[1] == ("planned", None)] == []
    ended = await virtual.get_current_time()
    await say(desk, virtual, "updated", now, status="open", message=message(1, "asha"), **due)
    await virtual.sleep(20 * H)
    (got,) = await instants(desk, "ticket.overdue")
    assert abs(got - (now + 8 * H + (ended - began))) < PROMPT


async def test_a_deadline_that_allows_for_the_waiting_is_not_moved_again(
    desk: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """A CRM that keeps its own clock names the later time itself."""
    await say(desk, virtual, "created", now, resolution_due_at=now + 8 * H)
    await virtual.sleep(H)
    await say(desk, virtual, "updated", now, status="waiting", resolution_due_at=now + 8 * H)
    await virtual.sleep(H)
    await say(desk, virtual, "updated", now, status="open", resolution_due_at=now + 9 * H)
    await virtual.sleep(20 * H)
    assert (await instants(desk, "ticket.overdue"))[0] - (now + 9 * H) < PROMPT


async def test_messages_and_callbacks_are_told_once_each_whatever_their_order(
    desk: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Late, doubled, shuffled, after the end: each is told with its own words."""
    start = now - H
    events = [desk.event("created", start, opened_at=start, requester_id="ben")]
    for number in range(1, 6):
        at = start + number * MINUTE
        about = {"message": message(number, "ben")}
        events.append(desk.event("message", at, opened_at=start, requester_id="ben", **about))
    callback = {"callback_at": now + 3 * H}
    events.append(desk.event("callback", start + 7 * MINUTE, opened_at=start, requester_id="ben", **callback))
    events.append(desk.event("resolved", start + 9 * MINUTE, opened_at=start, requester_id="ben"))
    shuffled = events * 2
    random.Random(7).shuffle(shuffled)
    for event in shuffled:
        await desk.tell(event)
    await virtual.sleep(MINUTE)
    types = await desk.types()
    assert types.count("ticket.message") == 5
    assert types.count("ticket.callback") == 1
    words = {note.message for note in await desk.inbox() if note.type == "ticket.message"}
    assert len(words) == 5
    assert await desk.state() == "closed"


async def test_who_wrote_a_message_is_not_told_of_it(
    desk: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """The customer's goes to the staff, the answer to the customer."""
    await say(desk, virtual, "created", now)
    await say(desk, virtual, "message", now, message=message(1, "ben"))
    await virtual.sleep(MINUTE)
    assert ((await desk.types()).count("ticket.message"), (await desk.types("ben")).count("ticket.message")) == (1, 0)
    await say(desk, virtual, "message", now, message=message(2, "asha"))
    await virtual.sleep(MINUTE)
    assert ((await desk.types()).count("ticket.message"), (await desk.types("ben")).count("ticket.message")) == (1, 1)


async def test_a_callback_is_due_at_its_time(desk: World, virtual: WorkflowEnvironment, now: datetime) -> None:
    """Even while the ticket waits."""
    await say(desk, virtual, "created", now)
    await say(desk, virtual, "callback", now, status="waiting", callback_at=now + 2 * H)
    await virtual.sleep(3 * H)
    (got,) = await instants(desk, "ticket.callback_due")
    assert timedelta(0) <= got - (now + 2 * H) < PROMPT


async def test_reopened_it_is_a_new_run_under_the_same_id_with_a_new_clock(
    desk: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Only `.reopened` opens it, and its resolution counts from then."""
    handle = await say(desk, virtual, "created", now)
    await virtual.sleep(MINUTE)
    await say(desk, virtual, "resolved", now)
    await handle.result()
    await virtual.sleep(H)
    await say(desk, virtual, "updated", now)
    await virtual.sleep(MINUTE)
    assert await desk.state() == "closed"
    at = await virtual.get_current_time()
    again = await say(desk, virtual, "reopened", now)
    assert again.id == handle.id
    await virtual.sleep(9 * H)
    (got,) = await instants(desk, "ticket.overdue")
    assert abs(got - (at + 8 * H)) < PROMPT


async def test_two_deadlines_escalate_each_by_itself(
    desk: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Taking the late answer in hand does not silence the late resolution."""
    levels = [Level(to="assignees", after="PT0S"), Level(to="managers", after="PT30M")]
    await desk.follow(BY_PRIORITY.model_copy(update={"escalation": Escalation(levels=levels)}))
    handle = await say(desk, virtual, "created", now)
    await virtual.sleep(H + MINUTE)
    await handle.execute_update("acknowledge", {"user_id": "asha"})
    await virtual.sleep(9 * H)
    assert await instants(desk, "ticket.response_overdue", "ravi") == []
    assert len(await instants(desk, "ticket.overdue", "ravi")) == 1
