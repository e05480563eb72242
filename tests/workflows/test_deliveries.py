"""Slow channels: retried, overtaken, given up, always with a row that says so."""

from datetime import datetime, timedelta

from temporalio.testing import WorkflowEnvironment

from activities.channels.base import Result
from tests.world import World

H = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
BUSY = Result("retry", after=timedelta(seconds=30))


async def _reminded(
    world: World, virtual: WorkflowEnvironment, now: datetime, wait: timedelta
) -> set[tuple[str, str | None]]:
    """The mail's outcome and reason some time after the reminder of an appointment two hours ahead."""
    await world.tell(world.event("scheduled", now, starts_at=now + 2 * H))
    await virtual.sleep(H + wait)
    return {
        (d.outcome, d.reason) for d in await world.deliveries() if d.channel == "email" and "reminder" in d.step_key
    }


async def test_a_busy_provider_is_asked_again(world: World, virtual: WorkflowEnvironment, now: datetime) -> None:
    """Two refusals for now, then success: sent once."""
    world.channels["email"].answers = [BUSY, BUSY]
    assert await _reminded(world, virtual, now, 10 * MINUTE) == {("sent", None)}
    assert len(world.channels["email"].sent) == 1


async def test_a_reminder_is_not_tried_beyond_the_start(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """A provider that stays busy until the appointment begins has lost its chance, and the row says expired."""
    world.channels["email"].answers = [BUSY] * 500
    assert await _reminded(world, virtual, now, 2 * H) == {("expired", "expired")}
    assert world.channels["email"].sent == []


async def test_one_channel_that_fails_holds_up_neither_the_other_nor_the_next_step(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """While mail is down, push goes out and the question for the outcome comes on time."""
    world.channels["email"].answers = [BUSY] * 500
    await world.tell(world.event("scheduled", now, starts_at=now + 2 * H))
    await virtual.sleep(2 * H + 20 * MINUTE)
    push = [message.notification.type for message in world.channels["web_push"].sent if message.user.id == "asha"]
    assert push == ["appointment.reminder", "appointment.outcome_missing"]


async def test_a_cancellation_stops_mail_that_is_still_being_tried(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Cancelled between two tries, the reminder is superseded and never sent, though the provider has recovered."""
    world.channels["email"].answers = [BUSY]
    await world.tell(world.event("scheduled", now, starts_at=now + 2 * H))
    await virtual.sleep(H + timedelta(seconds=10))
    await world.tell(world.event("cancelled", now + MINUTE, starts_at=now + 2 * H))
    await virtual.sleep(H)
    assert [message.notification.type for message in world.channels["email"].sent] == ["appointment.cancelled"]
    outcomes = {
        (d.outcome, d.reason) for d in await world.deliveries() if d.channel == "email" and "reminder" in d.step_key
    }
    assert outcomes == {("superseded", "cancelled")}


async def test_a_refusal_is_final(world: World, virtual: WorkflowEnvironment, now: datetime) -> None:
    """What the provider rejects is failed with its reason, and not tried again."""
    world.channels["email"].answers = [Result("failed", "rejected")]
    assert await _reminded(world, virtual, now, 10 * MINUTE) == {("failed", "rejected")}


async def test_an_unreachable_person_has_the_reason_in_the_row(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Without an address nothing is tried."""
    world.channels["email"].reasons = {"asha": "no_address"}
    assert await _reminded(world, virtual, now, MINUTE) == {("withheld", "no_address")}
    assert world.channels["email"].sent == []
