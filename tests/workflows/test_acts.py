"""What people do, and whom it concerns: those of the chain that holds, and nobody of one that was moved away."""

from datetime import datetime, timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment

from activities.channels.base import Result
from punctual.client import update
from punctual.errors import ActRefused
from punctual.policy import Escalation, Level, Policy
from punctual.protocol import Act
from tests.world import World, user

H = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def crm(world: World) -> World:
    """Follow-ups that escalate from asha to ravi after half an hour."""
    world.kind = "follow_up"
    levels = [Level(to="assignees", after="PT0S"), Level(to="managers", after="PT30M")]
    await world.follow(Policy(overdue_after="PT0S", escalation=Escalation(levels=levels)))
    return world


async def test_who_was_alarmed_about_a_time_that_was_moved_has_no_part_in_the_next(
    crm: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """A colleague of the first chain is neither told who took the second, nor may act on it."""
    await crm.people(user("asha", manager_id="lena"), user("lena"))
    handle = await crm.tell(crm.event("created", now, due_at=now + H))
    await virtual.sleep(100 * MINUTE)
    await crm.people(user("asha", manager_id="ravi"))
    moved = await virtual.get_current_time()
    await crm.tell(crm.event("rescheduled", moved, due_at=moved + H))
    await virtual.sleep(100 * MINUTE)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await handle.execute_update("acknowledge", {"user_id": "lena"})
    assert getattr(refused.value.cause, "type", None) == "not_yours"
    await handle.execute_update("acknowledge", {"user_id": "asha"})
    await virtual.sleep(MINUTE)
    assert await crm.types("lena") == ["follow_up.overdue"]
    assert (await crm.types("ravi"))[-1] == "escalation.acknowledged"


async def test_a_reminder_of_what_is_overdue_can_be_acknowledged(
    crm: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """It carries the action, and is marked when somebody has taken it; a reminder ahead of time has none."""
    handle = await crm.tell(crm.event("created", now, due_at=now + H))
    await handle.execute_update("remind_now", {"user_id": "ravi"})
    await virtual.sleep(H + MINUTE)
    await handle.execute_update("remind_now", {"user_id": "ravi"})
    await virtual.sleep(MINUTE)
    await handle.execute_update("acknowledge", {"user_id": "asha"})
    reminded = [note for note in await crm.inbox() if note.step_key.startswith("remind-now-")]
    assert [[action["action"] for action in note.actions] for note in reminded] == [[], ["acknowledge"]]
    assert [note.acknowledged_at is not None for note in reminded] == [False, True]


async def test_asking_about_what_nobody_has_heard_of_leaves_no_trace(
    crm: World, virtual: WorkflowEnvironment
) -> None:
    """The answer is that it has ended, and no entity comes into being."""
    with pytest.raises(ActRefused) as refused:
        await update(crm.client, crm.ref("ghost"), Act(id="a1", what="acknowledge", user_id="asha"))
    assert refused.value.code == "closed"
    assert await crm.entity("ghost") is None


async def test_an_alarm_is_not_tried_for_longer_than_it_may_be_late(
    crm: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """A provider that stays busy for two hours has lost its chance."""
    crm.channels["email"].answers = [Result("retry", after=5 * MINUTE)] * 100
    await crm.tell(crm.event("created", now, due_at=now + H))
    await virtual.sleep(3 * H + MINUTE)
    mails = {d.user_id: (d.outcome, d.reason) for d in await crm.deliveries() if d.channel == "email"}
    assert mails == {"asha": ("failed", "timeout"), "ravi": ("planned", None)}
