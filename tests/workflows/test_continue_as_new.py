"""A history that has grown long is continued, and nobody notices."""

from temporalio.testing import WorkflowEnvironment

from store.engine import Database
from tests.replay.scenarios import continued_as_new
from tests.world import living


async def test_a_life_that_is_continued_still_reminds(temporal: WorkflowEnvironment, sqlite: Database) -> None:
    """After a dozen changes and several runs the last change's reminders come once each, and the end closes it."""
    async with living(sqlite, temporal.client) as world:
        await world.remind("PT4S", "PT2S")
        await continued_as_new(world)
        assert (await world.types()).count("appointment.reminder") == 2
        assert await world.state() == "closed"
        handle = temporal.client.get_workflow_handle(world.ref().workflow_id)
        first = (await handle.fetch_history()).events[0].workflow_execution_started_event_attributes
        assert first.continued_execution_run_id
