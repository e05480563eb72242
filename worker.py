"""The composition root of the worker: resources → channels → activities → workers, one per task queue."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities import background, wiring
from activities.rescue import Rescue
from activities.sweep import Sweep
from punctual.channels import CHANNELS
from punctual.client import TASK_QUEUE
from resources import Resources, connect
from settings import Settings
from workflows.registry import WORKFLOWS

log = structlog.get_logger(__name__)

# The sandbox stays on; the core is passed through, being pure, and because zone data cannot be loaded inside.
RUNNER = SandboxedWorkflowRunner(
    restrictions=SandboxRestrictions.default.with_passthrough_modules("punctual", "pydantic", "pydantic_core")
)
# A cached sleeper costs about 0.1 MB; one that is not cached is replayed when it wakes.
CACHED_WORKFLOWS = 5_000
RECONNECT_SECONDS = 2
# What is under way when a worker is told to stop gets this long.
GRACE = timedelta(seconds=8)


def workers(resources: Resources, client: Client) -> tuple[list[Worker], AsyncExitStack]:
    """Workers for all queues, and what to close after them."""
    closing = AsyncExitStack()
    channels = wiring.channels(resources)
    for channel in channels.values():
        closing.push_async_callback(channel.close)
    fast, deliver = wiring.activities(resources, channels)
    main = Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=WORKFLOWS,
        activities=fast,
        workflow_runner=RUNNER,
        max_cached_workflows=CACHED_WORKFLOWS,
        graceful_shutdown_timeout=GRACE,
    )
    slow = [
        Worker(
            client,
            task_queue=spec.queue,
            activities=[deliver],
            max_concurrent_activities=50,
            # Kept by the server, over all workers of the queue.
            max_task_queue_activities_per_second=resources.settings.rates.get(spec.name),
            graceful_shutdown_timeout=GRACE,
        )
        for spec in CHANNELS.values()
        if spec.slow
    ]
    return [main, *slow], closing


def check(resources: Resources) -> None:
    """Raises SettingsError for what a channel cannot be built from, before anything runs."""
    wiring.channels(resources)


@asynccontextmanager
async def running(resources: Resources) -> AsyncIterator[None]:
    """All workers of this process, for the length of the block; a worker that dies ends the block with its error."""
    client = await _connected(resources.settings)
    all_workers, closing = workers(resources, client)
    async with closing, AsyncExitStack() as stack:
        for worker in all_workers:
            await stack.enter_async_context(worker)
        stack.push_async_callback(_all_shut_down, all_workers)
        for beside in (Sweep(resources.database, resources.bus), Rescue(resources.database, client)):
            await stack.enter_async_context(background.running(beside.run()))
        yield


async def _all_shut_down(all_workers: Sequence[Worker]) -> None:
    """At once: one after another, the last would go on taking work while the others have their graces."""
    await asyncio.gather(*(worker.shutdown() for worker in all_workers))


async def _connected(settings: Settings) -> Client:
    """A worker needs a connection that stands; it waits for Temporal as long as it takes."""
    while True:
        try:
            return await connect(settings, lazy=False)
        except RuntimeError as error:
            log.warning("temporal_unreachable", address=settings.temporal, error=str(error)[:200])
            await asyncio.sleep(RECONNECT_SECONDS)


async def run_until(resources: Resources, stop: asyncio.Event) -> None:
    """Works until `stop` is set."""
    async with running(resources):
        await stop.wait()
