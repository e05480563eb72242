"""A Punctual that can be killed, and what is found in its database afterwards."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import psutil
from sqlalchemy import select

from store.engine import Database
from store.tables import deliveries, notifications, steps
from tests.kill.checker import Delivery, Step
from tests.product import Product


class Victim(Product):
    """`punctual up`, whose whole tree dies at one blow."""

    async def start(self) -> "Victim":
        self.output = ""
        await super().start()
        return self

    async def kill(self) -> int:
        """SIGKILL to all its processes at once; how many there were."""
        if self.process is None:
            return 0
        tree: list[psutil.Process] = []
        with suppress(psutil.NoSuchProcess):
            root = psutil.Process(self.process.pid)
            tree = [*root.children(recursive=True), root]
        for process in tree:
            process.kill()
        await self.process.wait()
        await asyncio.to_thread(psutil.wait_procs, tree[:-1], timeout=10)
        return len(tree)


@dataclass(frozen=True)
class Tables:
    """The rows of one tenant."""

    reminders: int
    steps: list[Step]
    deliveries: list[Delivery]
    leased: set[str]
    """Deliveries that somebody has asked the provider for, without an answer so far."""

    @property
    def unfinished(self) -> bool:
        return "planned" in {step.outcome for step in self.steps} | {row.outcome for row in self.deliveries}


async def tables(url: str, tenant: str) -> Tables:
    """What the database holds now."""
    database = Database(url)
    s, d, n = steps.c, deliveries.c, notifications.c
    try:
        async with database.read() as db:
            notes = await db.execute(
                select(n.id).where(n.tenant == tenant, n.type == "appointment.reminder")
            )  # fmt: skip
            told = await db.execute(select(s.entity_id, s.key, s.type, s.outcome).where(s.tenant == tenant))
            columns = (d.id, d.entity_id, d.step_key, d.channel, d.outcome)
            sent = await db.execute(select(*columns, d.lease_until).where(d.tenant == tenant))
            rows = sent.all()
            return Tables(
                reminders=len(notes.all()),
                steps=[Step(*row) for row in told],
                deliveries=[Delivery(*row[:-1]) for row in rows],
                leased={row.id for row in rows if row.outcome == "planned" and row.lease_until is not None},
            )
    finally:
        await database.close()
