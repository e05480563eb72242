"""Records the histories that the replay gate replays: `python -m tests.replay.record [KIND …]`.

Run it on purpose only, when a workflow's shape changes before 1.0, and give the reason in the commit's message.
Histories are recorded without encryption, so that a reviewer can read what changed.
"""

import asyncio
import json
import os
import sys
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from activities.channels.base import Result
from punctual.registry import ENTITIES
from running import namespace
from store.engine import Database
from store.tables import metadata
from tests.replay.scenarios import PEOPLE, POLICY, SCENARIOS, Scenario
from tests.world import World, living

HISTORIES = Path(__file__).parent / "histories"
BIN = Path(sys.executable).parent


async def main(*kinds: str) -> None:
    """Plays every scenario, or those of some kinds, on a dev server that suggests continue-as-new early, and writes
    each run's history."""
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(BIN / "temporal"),
        dev_server_log_level="never",
        data_converter=pydantic_data_converter,
        identity="recorder",
        dev_server_extra_args=["--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=60"],
    )
    async with environment:
        await namespace.prepare(environment.client)
        HISTORIES.mkdir(exist_ok=True)
        wanted = kinds or tuple(SCENARIOS)
        for old in (path for kind in wanted for path in HISTORIES.glob(f"{kind}.*.json")):
            old.unlink()
        with tempfile.TemporaryDirectory() as folder:
            database = Database(f"sqlite+aiosqlite:///{folder}/punctual.db")
            async with database.write() as db:
                await db.run_sync(metadata.create_all)
            async with living(database, environment.client) as shared:
                shared.channels["email"].answers = [Result("retry", after=timedelta(milliseconds=100))] * 20
                for kind in wanted:
                    # Side by side: most of the time they sleep.
                    await asyncio.gather(*(_record(shared, kind, scenario) for scenario in SCENARIOS[kind]))
            await database.close()


async def _record(shared: World, kind: str, scenario: Scenario) -> None:
    """Plays a scenario in a tenant of its own."""
    name = scenario.__name__
    world = replace(shared, tenant=f"{kind}-{name}", kind=kind)
    await world.people(*PEOPLE)
    if kind in ENTITIES:
        await world.follow(POLICY)
    await scenario(world)
    client = world.client
    # What runs for all tenants has none, and is known by its id.
    whose = f'(PunctualTenant="{world.tenant}" OR WorkflowId STARTS_WITH "{world.tenant}")'
    query = f'{whose} AND PunctualKind="{kind}"'
    runs = [run async for run in client.list_workflows(query)]
    for number, run in enumerate(sorted(runs, key=lambda run: run.start_time), 1):
        handle = client.get_workflow_handle(run.id, run_id=run.run_id)
        history = await handle.fetch_history()
        path = HISTORIES / f"{kind}.{name}.{number}.json"
        path.write_text(_lines(_portable(json.loads(history.to_json()))), "utf-8")
        print(path.name, len(history.events), "events")


def _lines(history: dict[str, Any]) -> str:
    """One event a line, so that a change reads as one."""
    events = ",\n".join(json.dumps(event, separators=(",", ":")) for event in history["events"])
    return f'{{"events":[\n{events}\n]}}\n'


def _portable(value: Any) -> Any:
    """A history without stack traces, which name files of the machine it was recorded on."""
    if isinstance(value, dict):
        return {name: _portable(inner) for name, inner in value.items() if name != "stackTrace"}
    return [_portable(inner) for inner in value] if isinstance(value, list) else value


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
    sys.stdout.flush()
    os._exit(0)
