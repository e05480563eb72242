"""The activity `digest` over a real store, for its tests."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.testing import ActivityEnvironment

from activities.channels.inbox import Inbox
from activities.digest import Digest
from punctual.channels import CHANNELS
from punctual.digests import next_digest
from punctual.preferences import Preferences
from punctual.protocol import DIGEST, Digested, DigestRequest, Ref
from store import inbox, ledger, preferences
from store.engine import Connection, Database
from store.ledger import Delivery
from tests.store.rows import note
from tests.world import NOTICES, Recorder

# A Monday, 08:00 in UTC.
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TASK = Ref(tenant="acme", kind="task", id="42")
FIELDS = {"kind": "task", "entity_id": "42", "type": "task.updated", "category": "tasks", "priority": "normal"}


class Post:
    """The activity over a real store; mails and sockets are recorders."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.channels: dict[str, Any] = {name: Recorder(name) for name in CHANNELS}
        self.channels["inbox"] = Inbox()
        self.activity = Digest(database, self.channels, NOTICES, [])

    async def run(
        self, at: datetime = NOW, *, due_by: datetime | None = None, after: Any = None, attempt: int = 1
    ) -> Digested:
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, started_time=at, attempt=attempt)
        request = DigestRequest(now=at, due_by=due_by or at, after=after)
        return await environment.run(self.activity.digest, request)

    async def choose(
        self, who: str = "asha", *, digest_at: datetime | None = None, zone: str = "UTC", **chosen: Any
    ) -> None:
        """What somebody wants; without anything else a digest a day at 08:00, which is due since 08:00."""
        wanted = Preferences.model_validate({"digest": {"frequency": "daily"}, **chosen})
        due = digest_at or next_digest(wanted.digest, zone, NOW - timedelta(seconds=1))
        async with self.database.write() as db:
            await preferences.put(db, "acme", who, wanted, digest_at=due, now=NOW)

    async def due(self, who: str = "asha") -> datetime | None:
        async with self.database.write() as db:
            return (await preferences.load(db, "acme", who)).digest_at

    async def unread(self, who: str = "asha", count: int = 1) -> None:
        """Gives somebody something to read."""
        async with self.database.write() as db:
            rows = [note(f"{who}-{n}", user_id=who, **{**FIELDS, "step_key": f"{who}-{n}"}) for n in range(count)]
            await inbox.add(db, "acme", rows)

    async def digests(self, who: str = "asha") -> list[inbox.Notification]:
        async with self.database.read() as db:
            return await inbox.page(db, "acme", who, category="digests")

    async def fates(self, frequency: str = "daily", who: str = "asha") -> dict[str, tuple[str, str | None]]:
        """Channel → outcome and reason of somebody's digest."""
        async with self.database.read() as db:
            rows = await ledger.of_entity(db, Ref(tenant="acme", kind=DIGEST, id=frequency))
        return {row.channel: (row.outcome, row.reason) for row in rows if row.user_id == who}

    async def wait(self, name: str, **changes: Any) -> None:
        """Something waits for asha's digest."""
        async with self.database.write() as db:
            await _wait(db, name, **changes)

    async def waiting(self) -> dict[str, tuple[str, str | None]]:
        """What came of what waited: outcome and reason."""
        async with self.database.read() as db:
            rows = await ledger.of_entity(db, TASK)
        return {row.step_key: (row.outcome, row.reason) for row in rows if row.channel == "email"}


async def _wait(db: Connection, name: str, **changes: Any) -> None:
    shown = {**FIELDS, "step_key": name, "title": f"Task changed: {name}", **changes}
    await inbox.add(db, "acme", [note(f"waits-{name}", **shown)])
    rows = [
        Delivery(f"{name}-inbox", "asha", "inbox", name, f"waits-{name}", "sent", None, NOW - HOUR),
        Delivery(
            f"{name}-email", "asha", "email", name, f"waits-{name}", "deferred", "digest", NOW - HOUR, due_at=NOW
        ),
    ]
    await ledger.add(db, TASK, rows)
