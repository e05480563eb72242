"""Workers are killed among sixty weekly digests, and nobody's is missing or comes twice.

Two runs are made at once by two workers, which die at one blow; a new worker takes over, and so does the next run.
`PUNCTUAL_KILL_SEEDS` says how many seeds are run: with the odd ones they die while digests are written, with the even
ones while they are sent, and with every third no further run comes to help.
"""

import asyncio
import os
import random
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from punctual.channels import CHANNELS
from punctual.client import TASK_QUEUE
from punctual.digests import last_digest
from punctual.preferences import Preferences
from punctual.protocol import Ref
from running import keys
from store import digests, directory, inbox, ledger, preferences
from store.engine import Database
from store.ledger import Delivery
from store.tables import deliveries, metadata, notifications
from tests.conftest import BIN
from tests.eventually import eventually
from tests.kill.provider import MailServer, mail_server
from tests.store.rows import note
from tests.world import user
from workflows.operators import SEARCH_ATTRIBUTES

SEEDS = range(1, int(os.environ.get("PUNCTUAL_KILL_SEEDS", "1")) + 1)
TENANT = "acme"
PEOPLE = [f"user-{number}" for number in range(60)]
WEEKLY = Preferences.model_validate({"digest": {"frequency": "weekly", "weekday": "mon"}})
QUIET_WITHIN = 90.0


@pytest.fixture
async def server() -> AsyncIterator[Client]:
    """A Temporal of one's own: nothing of other tests is in its queues, and each knows all who ask at it."""
    whole = [f"matching.numTaskqueue{side}Partitions=1" for side in ("Read", "Write")]
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(BIN / "temporal"), dev_server_log_level="never",
        search_attributes=list(SEARCH_ATTRIBUTES),
        dev_server_extra_args=[word for value in whole for word in ("--dynamic-config-value", value)],
    )  # fmt: skip
    async with environment:
        yield environment.client


@dataclass
class Office:
    """Sixty people whose weekly digest is due, what there is of it, and workers that can be killed."""

    database: Database
    client: Client
    mails: MailServer
    environment: dict[str, str]
    stack: AsyncExitStack

    async def fill(self) -> None:
        """Each has something to read, and something that waits for the digest."""
        now = datetime.now(UTC)
        task = Ref(tenant=TENANT, kind="task", id="42")
        notes = [
            note(f"n-{who}", user_id=who, kind="task", entity_id="42", step_key=who, type="task.updated")
            for who in PEOPLE
        ]
        waits = [
            Delivery(f"w-{who}", who, "email", who, f"n-{who}", "deferred", "digest", now, due_at=now)
            for who in PEOPLE
        ]
        async with self.database.write() as db:
            await db.run_sync(metadata.create_all)
            await directory.put(db, TENANT, [user(who) for who in PEOPLE])
            await inbox.add(db, TENANT, notes)
            await ledger.add(db, task, waits)
            for who in PEOPLE:
                await preferences.put(db, TENANT, who, WEEKLY, digest_at=now - timedelta(days=1), now=now)

    async def run(self) -> WorkflowHandle[Any, Any]:
        """A run, as the schedule starts it."""
        id_ = f"punctual-digests-{uuid.uuid4()}"
        return await self.client.start_workflow("Digest", id=id_, task_queue=TASK_QUEUE)

    async def worker(self) -> asyncio.subprocess.Process:
        """`punctual worker`, whose output a failing test shows."""
        process = await asyncio.create_subprocess_exec(str(BIN / "punctual"), "worker", env=self.environment)

        async def end() -> None:
            if process.returncode is None:
                process.kill()
            await process.wait()

        self.stack.push_async_callback(end)
        return process

    async def working(self, count: int) -> None:
        """Waits until so many workers ask for work on every queue."""
        queues = [
            (TASK_QUEUE, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
            (TASK_QUEUE, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
            (CHANNELS["email"].queue, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
        ]

        async def all_ask() -> bool:
            for name, type_ in queues:
                request = DescribeTaskQueueRequest(
                    namespace=self.client.namespace, task_queue=TaskQueue(name=name), task_queue_type=type_
                )
                answer = await self.client.workflow_service.describe_task_queue(request)
                if len({poller.identity for poller in answer.pollers}) < count:
                    return False
            return True

        await eventually(all_ask, within=30)

    async def written(self) -> int:
        n = notifications.c
        async with self.database.read() as db:
            return int(await db.scalar(select(func.count()).where(n.tenant == TENANT, n.kind == "digest")) or 0)

    async def rows(self, kind: str) -> dict[str, list[tuple[str, str, str, bool]]]:
        """By user each mail in the ledger: id, step, outcome, and whether somebody asked and never said more."""
        d = deliveries.c
        query = select(d.user_id, d.id, d.step_key, d.outcome, d.lease_until).where(
            d.tenant == TENANT, d.kind == kind, d.channel == "email"
        )
        found: dict[str, list[tuple[str, str, str, bool]]] = {who: [] for who in PEOPLE}
        async with self.database.read() as db:
            for row in await db.execute(query):
                found[row.user_id].append((row.id, row.step_key, row.outcome, row.lease_until is not None))
        return found

    async def is_quiet(self) -> bool:
        """Whether nobody's digest is due, and none is still to be sent."""
        async with self.database.read() as db:
            return not (await digests.due(db, datetime.now(UTC)) or await digests.open_sends(db))

    async def inboxes(self) -> list[list[tuple[str, str]]]:
        """Type and day of the digests in each inbox."""
        async with self.database.read() as db:
            pages = [await inbox.page(db, TENANT, who, type_="digest.weekly") for who in PEOPLE]
        return [[(found.type, found.step_key) for found in page] for page in pages]


@pytest.fixture
async def office(server: Client, valkey: str, tmp_path: Path) -> AsyncIterator[Office]:
    async with AsyncExitStack() as stack:
        mails = await stack.enter_async_context(mail_server("digests"))
        mails.hesitates = False
        url = f"sqlite+aiosqlite:///{tmp_path}/punctual.db"
        environment = {
            **os.environ, "DATA": str(tmp_path), "DATABASE_URL": url, "REDIS_URL": valkey,
            "SECRET_KEYS": keys.secret(), "TEMPORAL_ADDRESS": server.service_client.config.target_host,
            "TEMPORAL_PAYLOAD_KEYS": "off", "EMAIL_URL": f"smtp://127.0.0.1:{mails.port}",
        }  # fmt: skip
        database = Database(url)
        stack.push_async_callback(database.close)
        yield Office(database, server, mails, environment, stack)


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_kill_among_weekly_digests_leaves_neither_a_duplicate_nor_a_hole(seed: int, office: Office) -> None:
    """One row in each inbox and one mail for the period, and nothing is left under way."""
    chance = random.Random(seed)
    await office.fill()
    victims = [await office.worker(), await office.worker()]
    await office.working(2)
    day = last_digest(WEEKLY.digest, "UTC", datetime.now(UTC))
    runs = [await office.run(), await office.run()]
    count = chance.randrange(1, len(PEOPLE))

    async with asyncio.timeout(30):
        # Without a pause: a poll that sleeps would come too late.
        while (await office.written() if seed % 2 else len(office.mails.mails)) < count:  # noqa: ASYNC110
            await asyncio.sleep(0)
    for victim in victims:
        victim.kill()
    await asyncio.gather(*(victim.wait() for victim in victims))
    written, sent = await office.written(), len(office.mails.mails)
    asked = {id_ for rows in (await office.rows("digest")).values() for id_, _, _, is_asked in rows if is_asked}
    print(f"seed {seed}: killed with {written} written, {sent} mails at the provider, {len(asked)} asked for")
    assert written < len(PEOPLE) or sent < len(PEOPLE)

    await office.worker()
    if seed % 3:
        await office.run()
    await eventually(office.is_quiet, within=QUIET_WITHIN)
    if len(SEEDS) > 1:
        # What was killed comes to its end too, later, and finds nothing to do.
        await asyncio.wait_for(asyncio.gather(*(run.result() for run in runs)), QUIET_WITHIN)
    assert day is not None
    assert await office.inboxes() == [[("digest.weekly", day[0].isoformat())]] * len(PEOPLE)
    mails, waited = await office.rows("digest"), await office.rows("task")
    assert [len(rows) for rows in mails.values()] == [1] * len(PEOPLE)
    outcomes = {rows[0][0]: rows[0][2] for rows in mails.values()}
    unknown = {id_ for id_, outcome in outcomes.items() if outcome == "unknown"}
    assert set(outcomes.values()) <= {"sent", "unknown"}
    assert unknown <= asked, "only what was being asked for may be unknown"
    at_provider = Counter(office.mails.mails)
    assert {id_ for id_, times in at_provider.items() if times > 1} == set()
    assert set(outcomes) - unknown <= set(at_provider) <= set(outcomes)
    assert {who: rows[0][2] for who, rows in waited.items()} == {who: rows[0][2] for who, rows in mails.items()}
