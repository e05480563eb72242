"""Lives a visit in the copied tree that it is run in; prints what everybody was told."""

import asyncio
import json
import os
import sys
import tempfile
from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

import catalogue
import punctual.registry
from api.event_types import EventTypes
from punctual import events
from store.engine import Database
from store.tables import metadata
from tests import conftest, world

H = timedelta(hours=1)


async def main() -> None:
    virtual = conftest.virtual.__wrapped__()  # type: ignore[attr-defined]
    environment: WorkflowEnvironment = await anext(virtual)
    database = Database(f"sqlite+aiosqlite:///{tempfile.mkdtemp()}/punctual.db")
    async with database.write() as db:
        await db.run_sync(metadata.create_all)
    async with world.living(database, environment.client, kind="visit") as crm:
        now = (await environment.get_current_time()).replace(microsecond=0)
        body = {
            "id": "v1", "type": "visit.announced", "time": now.isoformat(),
            "data": {"id": "42", "title": "Tour", "assignee_ids": ["asha"], "arrives_at": (now + 2 * H).isoformat()},
        }  # fmt: skip
        assert EventTypes(catalogue.load()).problems(body) == []
        events.parse(body, now=now)
        handle = await crm.tell(body)
        await environment.sleep(2 * H + timedelta(minutes=6))
        await handle.execute_update("acknowledge", {"user_id": "asha"})
        await environment.sleep(5 * H)
        body = {**body, "id": "v2", "type": "visit.done", "time": (now + H).isoformat()}
        await (await crm.tell(body)).result()
        told = {name: await crm.types(name) for name in ("asha", "ravi")}
    await database.close()
    await virtual.aclose()
    print(json.dumps({"kinds": sorted(punctual.registry.ENTITIES), "told": told}))
    sys.stdout.flush()
    os._exit(0)


asyncio.run(main())
