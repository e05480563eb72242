"""An appointment's life in virtual time, on the real activities and a real SQLite."""

from datetime import datetime, timedelta

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.testing import WorkflowEnvironment

from punctual.client import TASK_QUEUE
from tests.world import World, user

H = timedelta(hours=1)
SECOND = timedelta(seconds=1)
BEFORE_ANY_LEVEL = H / 2
"""By the default policy it is overdue by then, and escalated at no hour of the day."""
STEPS = 7
"""By the default policy: two reminders, the question for the outcome, three levels above, the last word."""


async def test_it_reminds_by_policy_and_asks_for_the_outcome(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Both reminders and the question for the outcome come once each, in order, at their instants and not before."""
    start = now + 48 * H
    await world.tell(world.event("scheduled", now, starts_at=start))
    await virtual.sleep(48 * H + BEFORE_ANY_LEVEL)
    assert await world.types() == [
        "appointment.scheduled", "appointment.reminder", "appointment.reminder", "appointment.outcome_missing",
    ]  # fmt: skip
    created = [note.created_at for note in await world.inbox()]
    for wanted, got in zip([start - 24 * H, start - H, start + H / 4], created[1:], strict=True):
        assert timedelta(0) <= got - wanted < 2 * SECOND
    assert await world.state() == "overdue"


async def test_managers_get_a_copy_of_what_is_overdue_only(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """By the default policy the manager hears of the missing outcome, and of nothing before."""
    await world.tell(world.event("scheduled", now, starts_at=now + 2 * H))
    await virtual.sleep(2 * H + BEFORE_ANY_LEVEL)
    assert await world.types("ravi") == ["appointment.outcome_missing"]


async def test_a_reminder_takes_all_channels_and_a_plain_notice_only_the_quiet_ones(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """High priority goes out by push and mail too; what is normal says so in its rows."""
    await world.tell(world.event("scheduled", now, starts_at=now + 2 * H))
    await virtual.sleep(H + H / 2)
    for channel in ("web_push", "email"):
        assert [m.notification.type for m in world.channels[channel].sent] == ["appointment.reminder"]
    told = {(d.channel, d.outcome, d.reason) for d in await world.deliveries() if d.step_key.startswith("event-")}
    assert told == {
        ("inbox", "sent", None), ("websocket", "sent", None),
        ("web_push", "withheld", "preference"), ("email", "withheld", "preference"),
    }  # fmt: skip


async def test_moved_it_never_reminds_at_the_old_time(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """A move supersedes every step of the old time, levels included, says so, and the new time has its own."""
    old, new = now + 48 * H, now + 72 * H
    await world.tell(world.event("scheduled", now, starts_at=old))
    await virtual.sleep(H)
    await world.tell(world.event("rescheduled", now + H, starts_at=new))
    await virtual.sleep(60 * H)
    reminders = [note for note in await world.inbox() if note.type == "appointment.reminder"]
    assert [note.created_at >= new - 24 * H for note in reminders] == [True]
    superseded = [value for value in (await world.timeline()).values() if value[0] == "superseded"]
    assert superseded == [("superseded", "rescheduled")] * STEPS


async def test_moved_away_and_back_it_reminds_once(world: World, virtual: WorkflowEnvironment, now: datetime) -> None:
    """Back at the first time, the steps that had been superseded are planned again, not doubled."""
    first, second = now + 48 * H, now + 72 * H
    for hours, start in ((0, first), (1, second), (2, first)):
        type_ = "rescheduled" if hours else "scheduled"
        await world.tell(world.event(type_, now + hours * H, starts_at=start))
        await virtual.sleep(H)
    await virtual.sleep(46 * H)
    assert (await world.types()).count("appointment.reminder") == 2


@pytest.mark.parametrize(
    ("type_", "reason"), [("cancelled", "cancelled"), ("completed", "closed"), ("missed", "closed")]
)
async def test_once_it_has_ended_nothing_more_is_said(
    world: World, virtual: WorkflowEnvironment, now: datetime, type_: str, reason: str
) -> None:
    """The end is told once, every step ahead is superseded with the reason, and the workflow is over."""
    handle = await world.tell(world.event("scheduled", now, starts_at=now + 48 * H))
    await virtual.sleep(H)
    await world.tell(world.event(type_, now + H, starts_at=now + 48 * H))
    await handle.result()
    await virtual.sleep(72 * H)
    assert await world.types() == ["appointment.scheduled", f"appointment.{type_}"]
    ahead = [value for key, value in (await world.timeline()).items() if not key.startswith("event-")]
    assert ahead == [("superseded", reason)] * STEPS
    assert await world.state() == "closed"


async def test_an_event_after_the_end_wakes_nothing(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Older, repeated and newer events that cannot open it again end their run at once and tell nobody."""
    scheduled = world.event("scheduled", now, starts_at=now + 48 * H)
    cancelled = world.event("cancelled", now + SECOND, starts_at=now + 48 * H)
    for event in (scheduled, cancelled):
        handle = await world.tell(event)
    await handle.result()
    before = await world.types()
    late = [
        scheduled,
        cancelled,
        world.event("rescheduled", now - H, starts_at=now + 50 * H),
        world.event("updated", now + 2 * SECOND, starts_at=now + 51 * H),
    ]
    for event in late:
        await (await world.tell(event)).result()
    assert await world.types() == before
    assert await world.state() == "closed"
    assert await world.outcomes("appointment.rescheduled") == [("superseded", "stale")]
    assert await world.outcomes("appointment.updated") == [("superseded", "closed")]


async def test_a_newer_schedule_opens_it_again(world: World, virtual: WorkflowEnvironment, now: datetime) -> None:
    """Cancelled and then scheduled anew, it lives and reminds again under the same id."""
    for minutes, type_ in enumerate(["scheduled", "cancelled", "rescheduled"]):
        await world.tell(world.event(type_, now + minutes * H / 60, starts_at=now + 48 * H))
        await virtual.sleep(H / 60)
    await virtual.sleep(48 * H)
    assert (await world.types()).count("appointment.reminder") == 2


async def test_what_was_past_when_it_came_is_skipped(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """An appointment in half an hour has no reminder left, and both rows say why; nothing fires at booking."""
    await world.tell(world.event("scheduled", now, starts_at=now + H / 2))
    await virtual.sleep(H / 4)
    assert await world.types() == ["appointment.scheduled"]
    assert await world.outcomes("appointment.reminder") == [("skipped", "past")] * 2


async def test_what_is_wholly_past_and_ended_comes_in_silently(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """The first word of an appointment is that it is long over: kept, closed, told to nobody."""
    handle = await world.tell(world.event("completed", now, starts_at=now - 48 * H))
    await handle.result()
    assert await world.types() == []
    assert await world.outcomes("appointment.completed") == [("skipped", "past")]


async def test_whoever_is_unknown_or_inactive_is_listed_and_not_told(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Assignees that the directory does not know are accepted; the rows say why they heard nothing."""
    await world.people(user("ben", active=False))
    await world.tell(world.event("scheduled", now, assignee_ids=["asha", "ghost", "ben"]))
    await virtual.sleep(SECOND)
    withheld = {(d.user_id, d.reason) for d in await world.deliveries() if d.user_id != "asha"}
    assert withheld == {("ghost", "unknown_user"), ("ben", "inactive")}
    assert await world.types() == ["appointment.scheduled"]


async def test_a_step_nobody_can_hear_is_withheld_with_the_reason(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """With nobody left to tell the step itself is withheld, and life goes on."""
    await world.tell(world.event("scheduled", now, assignee_ids=["ghost"]))
    await virtual.sleep(25 * H)
    assert await world.outcomes("appointment.scheduled") == [("withheld", "unknown_user")]
    assert ("withheld", "unknown_user") in await world.outcomes("appointment.reminder")


async def test_the_timeline_query_lists_what_is_to_come(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """The query answers the planned steps in order, with keys, types and instants."""
    await world.remind("PT24H", "PT1H", overdue_after="PT15M")
    start = now + 48 * H
    handle = await world.tell(world.event("scheduled", now, starts_at=start))
    await virtual.sleep(SECOND)
    steps = await handle.query("timeline")
    assert [(step["type"], datetime.fromisoformat(step["due_at"])) for step in steps] == [
        ("appointment.reminder", start - 24 * H),
        ("appointment.reminder", start - H),
        ("appointment.outcome_missing", start + H / 4),
    ]


async def test_a_plain_start_may_bring_the_event_as_input(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Starting by name with the event as input does what signal-with-start does."""
    event = world.event("scheduled", now)
    await world.client.start_workflow(
        "Appointment", event, id=world.ref().workflow_id, task_queue=TASK_QUEUE
    )  # fmt: skip
    await virtual.sleep(SECOND)
    assert await world.types() == ["appointment.scheduled"]


async def test_an_id_that_names_no_entity_fails_clearly(world: World, now: datetime) -> None:
    """Tenant, kind and id come from the workflow's id; one that lacks them says what is needed."""
    for id_ in ("42", "acme/ticket/42", "acme/appointment/4 2"):
        handle = await world.client.start_workflow(
            "Appointment", world.event("scheduled", now), id=f"{id_}", task_queue=TASK_QUEUE
        )
        with pytest.raises(WorkflowFailureError) as failure:
            await handle.result()
        assert "{tenant}/appointment/{id}" in str(failure.value.cause)
