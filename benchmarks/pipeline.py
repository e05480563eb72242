"""The whole reminder pipeline: N appointments due at once, on four channels, beside bare Temporal.

Both sides run on the same kind of server with the same store; every variant gets a server and a database of its own.
`last row` is the time from the common due instant to the last row that says that something was sent.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from sqlalchemy import func, select
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.channels.inbox import Inbox
from benchmarks.raw import Raw, Rows
from benchmarks.server import server
from punctual.policy import Policy, Reminder
from store import policies
from store.engine import Database
from store.tables import deliveries, metadata
from tests.world import NOW, Recorder, World, user, workers
from workflows import ports

TENANT = "bench"
RUNNER = SandboxedWorkflowRunner(
    restrictions=SandboxRestrictions.default.with_passthrough_modules("punctual", "pydantic", "workflows")
)


@dataclass
class Run:
    accept: float
    """Accepted per second."""
    last_row: float
    """Seconds from due to the last row."""
    first_row: float
    server_cpu: float
    """Milliseconds of CPU per reminder, from due to the last row."""
    worker_cpu: float


async def punctual(client: Client, process: psutil.Process, folder: Path, count: int, local: bool) -> Run:
    """`count` appointments with one reminder each, through plan, compose, push and mail."""
    ports.LOCAL = frozenset({"plan", "compose"}) if local else frozenset()
    database = await empty_database(folder)
    channels: dict[str, Any] = {name: Recorder(name) for name in ("websocket", "web_push", "email")}
    world = World(database, client, {"inbox": Inbox(), **channels}, TENANT)
    await world.people(user("asha"))
    async with database.write() as db:
        policy = Policy(reminders=[Reminder(before="PT1H")], overdue_after=None)
        await policies.put(db, TENANT, "appointment", policy, NOW)

    async def rows() -> int:
        async with database.read() as db:
            sent = deliveries.c.outcome == "sent"
            query = select(func.count()).where(sent, deliveries.c.step_key.like("reminder%"))
            return int((await db.execute(query)).scalar_one())

    async def start(number: int, due: datetime) -> None:
        event = world.event("scheduled", datetime.now(UTC), id=f"e{number}", starts_at=due + timedelta(hours=1))
        event["data"]["id"] = f"a{number}"
        await world.tell(event)

    async with workers(world, runner=RUNNER):
        run = await _measure(process, count, start, rows, count * 4)
    await database.close()
    return run


async def raw(client: Client, process: psutil.Process, folder: Path, count: int, activities: int) -> Run:
    """`count` bare workflows: a timer, then `activities` inserts."""
    database = await empty_database(folder)
    rows = Rows(database)
    await rows.prepare()

    async def start(number: int, due: datetime) -> None:
        await client.start_workflow(Raw.run, args=[due, activities], id=f"raw-{number}", task_queue="raw")

    async with Worker(client, task_queue="raw", workflows=[Raw], activities=[rows.row], max_cached_workflows=5000):
        run = await _measure(process, count, start, rows.count, count * activities)
    await database.close()
    return run


async def _measure(
    process: psutil.Process,
    count: int,
    start: Callable[[int, datetime], Awaitable[None]],
    rows: Callable[[], Awaitable[int]],
    expected: int,
) -> Run:
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=8 + count / 40)
    gate = asyncio.Semaphore(50)

    async def one(number: int) -> None:
        async with gate:
            await start(number, due)

    began = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(count)))
    accept = count / (time.perf_counter() - began)
    await asyncio.sleep((due - datetime.now(UTC)).total_seconds() - 0.2)
    assert await rows() == 0, "something fired before it was due"
    cpu = _cpu(process)
    first = 0.0
    while True:
        done = await rows()
        late = (datetime.now(UTC) - due).total_seconds()
        first = first or (late if done else 0.0)
        if done >= expected:
            spent = [(after - before) * 1000 / count for after, before in zip(_cpu(process), cpu, strict=True)]
            return Run(accept, late, first, *spent)
        if late > 180:
            raise TimeoutError(f"{done} of {expected} rows after three minutes")
        await asyncio.sleep(0.05)


def _cpu(process: psutil.Process) -> list[float]:
    """Seconds of CPU that the server and this process have had."""
    return [sum(p.cpu_times()[:2]) for p in (process, psutil.Process())]


async def empty_database(folder: Path) -> Database:
    """A fresh SQLite database with the present schema."""
    database = Database(f"sqlite+aiosqlite:///{folder}/punctual.db")
    async with database.write() as db:
        await db.run_sync(metadata.create_all)
    return database


async def main(count: int, runs: int) -> None:
    """Prints a table of medians and the ratios that the goals speak of."""
    variants: dict[str, Callable[[Client, psutil.Process, Path], Awaitable[Run]]] = {
        "Punctual, plan and compose local": lambda c, p, f: punctual(c, p, f, count, True),
        "Punctual, plan and compose normal": lambda c, p, f: punctual(c, p, f, count, False),
        "bare timer + 1 activity": lambda c, p, f: raw(c, p, f, count, 1),
        "bare timer + 4 activities": lambda c, p, f: raw(c, p, f, count, 4),
    }
    found: dict[str, list[Run]] = {name: [] for name in variants}
    for number in range(runs):
        for name, variant in variants.items():
            print(f"run {number + 1} of {runs}: {name} …", flush=True)
            with tempfile.TemporaryDirectory() as folder:
                async with server(Path(folder)) as (client, process):
                    found[name].append(await variant(client, process, Path(folder)))
    print(f"\n{count} due at once, medians of {runs} runs (minimum–maximum)\n")
    print("| variant | accepted/s | first row s | last row s | reminders/s | CPU ms of server | of worker |")
    print("|---|---|---|---|---|---|---|")
    for name, all_runs in found.items():
        last = [run.last_row for run in all_runs]
        accept, first = median(run.accept for run in all_runs), median(run.first_row for run in all_runs)
        server_cpu, worker_cpu = (
            median(run.server_cpu for run in all_runs),
            median(run.worker_cpu for run in all_runs),
        )
        spread = f"{median(last):.2f} ({min(last):.2f}–{max(last):.2f})"
        cpu = f"{server_cpu:.1f} | {worker_cpu:.1f}"
        print(f"| {name} | {accept:.0f} | {first:.2f} | {spread} | {count / median(last):.0f} | {cpu} |")
    base = median(run.last_row for run in found["bare timer + 4 activities"])
    one = median(run.last_row for run in found["bare timer + 1 activity"])
    print()
    for name in list(variants)[:2]:
        own = median(run.last_row for run in found[name])
        print(f"{name}: {base / own:.2f} of bare with 4 activities, {one / own:.2f} of bare with 1")
