"""The schedule of digests on a real Temporal: made once, kept up to date, and left to operators."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from temporalio.client import (
    Client,
    ScheduleActionStartWorkflow,
    ScheduleDescription,
    ScheduleHandle,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from running import schedules
from tests.eventually import eventually


@pytest.fixture
async def schedule(temporal: WorkflowEnvironment) -> AsyncIterator[ScheduleHandle]:
    """The deployment's, which is not there before the test, nor after it."""
    handle = temporal.client.get_schedule_handle(schedules.DIGESTS)
    await _delete(handle)
    yield handle
    await _delete(handle)


async def _delete(handle: ScheduleHandle) -> None:
    async def is_gone() -> bool:
        try:
            await handle.delete()
        except RPCError:
            return True
        return False

    await eventually(is_gone)


async def _prepared(client: Client, handle: ScheduleHandle) -> ScheduleDescription:
    await schedules.prepare(client)
    return await handle.describe()


async def test_it_starts_a_run_every_quarter_of_an_hour(
    temporal: WorkflowEnvironment, schedule: ScheduleHandle
) -> None:
    """On the quarter hours, whatever still runs; what was missed is caught up with for an hour."""
    found = await _prepared(temporal.client, schedule)
    assert found.schedule.policy.overlap == ScheduleOverlapPolicy.ALLOW_ALL
    assert found.schedule.policy.catchup_window == timedelta(hours=1)
    times = found.info.next_action_times
    assert len(times) > 2
    assert {(moment.minute % 15, moment.second) for moment in times} == {(0, 0)}
    assert {after - before for before, after in pairwise(times)} == {timedelta(minutes=15)}


async def test_many_starters_at_once_make_one(temporal: WorkflowEnvironment, schedule: ScheduleHandle) -> None:
    """None of them fails, and the workflow that it starts is ours."""
    await asyncio.gather(*(schedules.prepare(temporal.client) for _ in range(5)))
    action = (await schedule.describe()).schedule.action
    assert isinstance(action, ScheduleActionStartWorkflow)
    assert (action.workflow, action.task_queue, action.id) == ("Digest", "punctual", "punctual-digests")


async def test_an_operator_s_pause_and_note_outlive_the_next_start(
    temporal: WorkflowEnvironment, schedule: ScheduleHandle
) -> None:
    """Also where the next version runs it otherwise, which its start puts right."""
    await schedules.prepare(temporal.client)
    await schedule.pause(note="mail server moves")

    def of_before(found: ScheduleUpdateInput) -> ScheduleUpdate:
        hourly = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(hours=1))])
        return ScheduleUpdate(schedule=replace(found.description.schedule, spec=hourly))

    for changes in (False, True):
        if changes:
            await schedule.update(of_before)
        found = await _prepared(temporal.client, schedule)
        assert (found.schedule.state.paused, found.schedule.state.note) == (True, "mail server moves")
        assert [each.every for each in found.schedule.spec.intervals] == [timedelta(minutes=15)]


async def test_what_is_as_it_should_be_is_not_written_again(
    temporal: WorkflowEnvironment, schedule: ScheduleHandle
) -> None:
    """So that no start can undo what an operator does in the same moment."""
    before = await _prepared(temporal.client, schedule)
    after = await _prepared(temporal.client, schedule)
    assert before.info.last_updated_at is None
    assert after.info.last_updated_at is None
