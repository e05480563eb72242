"""How late an idle Punctual is: reminders spread over time, measured on each channel, beside a bare timer."""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from activities.channels.base import Channel, Message, Result
from activities.channels.inbox import Inbox
from benchmarks.pipeline import TENANT, empty_database
from benchmarks.raw import Raw
from benchmarks.server import server
from punctual.policy import Policy, Reminder
from store import policies
from tests.world import NOW, Recorder, World, user, workers

PER_SECOND = 10
LEAD = timedelta(hours=1)


class _Watch(Recorder):
    """Notes by how many seconds each reminder is late when it reaches the channel."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.late: list[float] = []

    def _note(self, message: Message) -> None:
        if message.notification.type == "appointment.reminder":
            due = datetime.fromisoformat(message.notification.metadata["due"])
            self.late.append(time.time() - due.timestamp())

    async def announce(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self._note(message)

    async def send(self, message: Message) -> Result:
        self._note(message)
        return await super().send(message)


async def punctual(client: Client, folder: Path, count: int) -> dict[str, list[float]]:
    """Lateness by channel, in seconds."""
    database = await empty_database(folder)
    watches = {name: _Watch(name) for name in ("websocket", "web_push", "email")}
    channels: dict[str, Channel] = {"inbox": Inbox(), **watches}
    world = World(database, client, channels, TENANT)
    await world.people(user("asha"))
    async with database.write() as db:
        rules = Policy(reminders=[Reminder(before="PT1H")], overdue_after=None)
        await policies.put(db, TENANT, "appointment", rules, NOW)
    async with workers(world):
        begin = datetime.now(UTC) + timedelta(seconds=5 + count / 50)
        for number in range(count):
            due = begin + timedelta(seconds=number / PER_SECOND)
            event = world.event("scheduled", datetime.now(UTC), id=f"e{number}", starts_at=due + LEAD)
            event["data"] |= {"id": f"a{number}", "metadata": {"due": due.isoformat()}}
            await world.tell(event)
        while any(len(watch.late) < count for watch in watches.values()):
            await asyncio.sleep(0.1)
    await database.close()
    return {name: watch.late for name, watch in watches.items()}


async def bare(client: Client, count: int) -> list[float]:
    """Lateness of a timer and one activity that does nothing, in seconds."""
    late: list[float] = []

    @activity.defn(name="raw_row")
    async def row(number: int) -> None:
        due = datetime.fromisoformat(activity.info().workflow_id)
        late.append(time.time() - due.timestamp())

    async with Worker(client, task_queue="raw", workflows=[Raw], activities=[row], max_cached_workflows=5000):
        begin = datetime.now(UTC) + timedelta(seconds=5 + count / 50)
        for number in range(count):
            due = begin + timedelta(seconds=number / PER_SECOND)
            await client.start_workflow(Raw.run, args=[due, 1], id=due.isoformat(), task_queue="raw")
        while len(late) < count:
            await asyncio.sleep(0.1)
    return late


async def main(count: int, runs: int) -> None:
    """Prints a table of p50, p99 and the worst, over all runs together."""
    found: dict[str, list[float]] = {}
    for number in range(runs):
        print(f"run {number + 1} of {runs} …", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            async with server(Path(folder)) as (client, _):
                for name, late in (await punctual(client, Path(folder), count)).items():
                    found.setdefault(f"Punctual, {name}", []).extend(late)
                found.setdefault("bare timer + 1 activity", []).extend(await bare(client, count))
    print(f"\n{count} reminders at {PER_SECOND} a second, {runs} runs; seconds after the due instant\n")
    print("| what | earliest | p50 | p99 | latest |\n|---|---|---|---|---|")
    for name, values in found.items():
        cuts: Any = quantiles(values, n=100)
        print(f"| {name} | {min(values):.3f} | {cuts[49]:.3f} | {cuts[98]:.3f} | {max(values):.3f} |")
