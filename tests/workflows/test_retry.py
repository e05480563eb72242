"""What failed is sent again by whichever workflow sends such things, or refused where that makes no sense."""

from datetime import UTC, datetime, time
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from activities.channels.base import Result
from api import retrying
from api.gateway import Gateway
from punctual import events
from punctual.client import signal
from punctual.policy import Policy
from store import reports, retries
from store.suppressions import Suppressions
from store.vault import Vault
from tests.eventually import eventually
from tests.workflows.escalating import MINUTE, H
from tests.workflows.test_digest import Days
from tests.world import World, user

REFUSED, LOST = Result("failed", "rejected"), Result("unknown", "ambiguous")


async def _mails(world: World, *outcomes: str) -> list[reports.Reported]:
    """All mails in the ledger that ended so, the newest first."""
    wanted = reports.Filter(outcomes=outcomes, channel="email")
    async with world.database.read() as db:
        return await reports.page(db, world.tenant, wanted)


SUPPRESSIONS = Suppressions(Vault(["a-secret-of-at-least-thirty-two-characters"]))


async def _tell(world: World, type_: str, at: datetime, id_: str, **data: Any) -> None:
    event = world.event(type_, at, **data)
    event["data"]["id"] = id_
    await world.tell(event)


async def _retry(world: World, virtual: WorkflowEnvironment, *ids: str) -> dict[str, str]:
    """Sends again as an admin would have it; why some are not, by id."""
    now = await virtual.get_current_time()
    async with world.database.write() as db:
        asked = await retries.of_ids(db, world.tenant, ids)
        found = await retrying.retry(db, world.tenant, asked, SUPPRESSIONS, now)
    await retrying.wake(world.database, Gateway(world.client), world.tenant, found.ids, now)
    return found.refused


async def _arrives(world: World, count: int = 1) -> None:
    async def sent() -> bool:
        return len(world.channels["email"].sent) == count

    await eventually(sent)


@pytest.mark.parametrize("answer", [REFUSED, LOST])
async def test_a_reminder_is_sent_again_by_its_entity_s_workflow(
    answer: Result, world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Once, also what may have arrived; then its row says sent, and counts both attempts."""
    await world.remind("PT1H")
    world.channels["email"].answers = [answer]
    await world.tell(world.event("scheduled", now, starts_at=now + 2 * H))
    await virtual.sleep(H + 10 * MINUTE)
    [reminder] = await _mails(world, answer.outcome)
    assert await _retry(world, virtual, reminder.id) == {}
    await _arrives(world)
    assert not world.channels["email"].sent[0].asked_before
    await virtual.sleep(2 * H)
    assert await _retry(world, virtual, reminder.id) == {reminder.id: "not_retryable"}
    [reminder] = [row for row in await _mails(world) if "reminder" in row.step_key]
    assert (reminder.outcome, reminder.attempts, len(world.channels["email"].sent)) == ("sent", 2, 1)


async def test_what_was_told_last_of_an_end_or_an_event_is_sent_again(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Their workflows have ended, and are woken for it."""
    world.channels["email"].answers = [REFUSED, REFUSED]
    await world.tell(world.event("cancelled", now, starts_at=now + 2 * H))
    data = {"title": "Hello", "message": "There", "recipients": {"user_ids": ["asha"]}, "priority": "high"}
    event = {"id": "e", "source": "crm", "type": "custom", "time": now.isoformat(), "data": data}
    await signal(world.client, world.tenant, events.parse(event, now=now))
    await virtual.sleep(MINUTE)
    failed = await _mails(world, "failed")
    assert {row.kind for row in failed} == {"appointment", "notification"}
    assert await _retry(world, virtual, *(row.id for row in failed)) == {}
    await _arrives(world, 2)


async def test_what_nobody_should_be_told_of_any_more_is_not_sent(
    crm: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Moved, taken over, somebody else's, too late: each with its reason, and nothing goes out."""
    world = crm
    await world.people(user("ben"))
    await world.follow(Policy(overdue_after="PT0S", reminders=[], late_cutoff="PT1H"))
    world.channels["email"].answers = [REFUSED] * 50
    due = now + H
    for id_ in ("moved", "taken", "other", "late"):
        await _tell(world, "created", now, id_, due_at=due)
    await virtual.sleep(H + MINUTE)
    overdue = {row.entity_id: row for row in await _mails(world, "failed") if row.type == "follow_up.overdue"}
    assert set(overdue) == {"moved", "taken", "other", "late"}
    later = await virtual.get_current_time()
    await _tell(world, "rescheduled", later, "moved", due_at=due + 5 * H)
    handle = world.client.get_workflow_handle(world.ref("taken").workflow_id)
    await handle.execute_update("acknowledge", {"user_id": "asha"})
    await _tell(world, "reassigned", later, "other", due_at=due, assignee_ids=["ben"])
    await virtual.sleep(MINUTE)
    assert await _retry(world, virtual, *(row.id for row in overdue.values() if row.entity_id != "late")) == {
        overdue["moved"].id: "superseded", overdue["taken"].id: "acknowledged", overdue["other"].id: "reassigned",
    }  # fmt: skip
    await virtual.sleep(H)
    assert await _retry(world, virtual, overdue["late"].id) == {overdue["late"].id: "late"}
    assert world.channels["email"].sent == []


async def test_a_summary_that_failed_is_made_anew_of_what_still_matters(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """What was cancelled meanwhile is not in it, and every row ends as the new one does."""
    await world.choose(quiet_hours={"enabled": True})
    await world.remind("PT11H")
    night = datetime.combine((now + 24 * H).date(), time(23), UTC)
    await virtual.sleep(night - now)
    for id_ in "123":
        await _tell(world, "scheduled", night, id_, starts_at=night + 12 * H)
    world.channels["email"].answers = [REFUSED]
    await virtual.sleep(9 * H + 30 * MINUTE)
    [summary] = [row for row in await _mails(world, "failed") if row.type == "quiet_hours.summary"]
    await _tell(world, "cancelled", night + 9 * H, "3", starts_at=night + 12 * H)
    await virtual.sleep(MINUTE)
    world.channels["email"].sent.clear()
    assert await _retry(world, virtual, summary.id) == {}
    await _arrives(world)
    [message] = world.channels["email"].sent
    assert message.notification.title == "2 notifications from your quiet hours"
    reminders = {row.entity_id: row.outcome for row in await _mails(world) if "reminder" in row.step_key}
    assert reminders == {"1": "sent", "2": "sent", "3": "failed"}


async def test_a_digest_that_failed_goes_with_the_next_run(
    world: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """With what had waited for it, however long ago it was tried."""
    days = Days(world, virtual)
    moment = (now + 6 * H).replace(minute=0, second=0)
    await days.choose(frequency="daily", at=f"{moment:%H:%M}")
    world.kind = "task"
    await world.tell(world.event("updated", now, due_at=now + 99 * H))
    await days.until(moment)
    world.channels["email"].answers = [REFUSED]
    await days.run()
    assert (await days.fate(), await days.waited()) == ([("failed", "rejected")], [("failed", "rejected")])
    await world.choose()
    await days.until(moment + 30 * H)
    failed = await _mails(world, "failed")
    assert await _retry(world, virtual, *(row.id for row in failed)) == {}
    await days.run()
    assert (await days.fate(), await days.waited()) == ([("sent", None)], [("sent", None)])
    assert len(days.mails()) == 1
