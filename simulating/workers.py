"""The workers of the product on scenario time."""

from collections.abc import Iterator

from temporalio.client import Client
from temporalio.worker import Worker

from activities import wiring
from activities.channels.base import Channel
from catalogue import Notice
from punctual.channels import CHANNELS
from punctual.client import TASK_QUEUE
from resources import Resources
from running import keys
from settings import Settings
from simulating.clock import Clock, ShiftedActivities, ShiftedRunner
from store.bus import LocalBus
from store.engine import Database
from store.subscriptions import Subscriptions
from store.vault import Vault
from worker import RUNNER
from workflows.registry import WORKFLOWS


def workers(
    client: Client, database: Database, notices: dict[str, Notice], channels: dict[str, Channel], clock: Clock
) -> Iterator[Worker]:
    """One for each queue, with the product's workflows and activities over these channels."""
    vault = Vault([keys.secret()])
    ours = Resources(
        # The defaults, whatever the environment says: a simulation needs no settings.
        Settings.model_construct(),
        database,
        vault,
        LocalBus(),
        Subscriptions(vault),
        notices,
        client,
    )
    fast, deliver = wiring.activities(ours, channels)
    for queue in (TASK_QUEUE, *sorted({spec.queue for spec in CHANNELS.values() if spec.slow})):
        yield Worker(
            client,
            task_queue=queue,
            workflows=WORKFLOWS if queue == TASK_QUEUE else [],
            activities=fast if queue == TASK_QUEUE else [deliver],
            workflow_runner=ShiftedRunner(RUNNER, clock),
            interceptors=[ShiftedActivities(clock)],
        )
