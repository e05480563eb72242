"""Somebody whose quiet hours hold back what a slow channel brings, and the activities that end them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update

from activities.deliver import Deliver
from activities.gather import Gather
from punctual.protocol import DeliverRequest, Gathered, GatherRequest, Ref
from store import inbox, ledger
from store.engine import Database
from store.tables import notifications
from tests.activities.conftest import attempt
from tests.store.rows import delivery, note, ref
from tests.world import NOTICES, SUPPRESSIONS, Recorder, World

H = timedelta(hours=1)
ASHA = Ref(tenant="acme", kind="quiet_hours", id="asha")
QUIET = {"quiet_hours": {"enabled": True, "start": "08:00", "end": "17:00"}}


@dataclass
class Looks:
    """A Temporal client that takes note of whose quiet hours it is to look at, and when."""

    asked: list[tuple[str, str]] = field(default_factory=list)

    async def start_workflow(self, *_: Any, id: str, start_signal_args: list[str], **__: Any) -> None:
        self.asked.append((id, *start_signal_args))


class Night:
    """Asha's database, a slow channel of hers, and the activities that serve her."""

    def __init__(self, database: Database, channel: str = "email") -> None:
        self.database = database
        self.looks = Looks()
        self.channel = Recorder(channel)
        self._gather = Gather(database, NOTICES, [])
        self._deliver = Deliver(database, {channel: self.channel}, NOTICES, SUPPRESSIONS)
        self.choose = World(database, self.looks).choose  # type: ignore[arg-type]

    async def told(self, id_: str, *, in_inbox: str | None = "sent", **changes: Any) -> None:
        """A notification that is to go out by the channel, and what its inbox made of it, if there is one for it."""
        step = f"step-{id_}"
        own = {"step_key": step, "notification_id": id_}
        rows = [delivery(f"d-{id_}", channel=self.channel.name, **own, **changes)]
        rows += [delivery(f"in-{id_}", channel="inbox", outcome=in_inbox, **own)] if in_inbox else []
        async with self.database.write() as db:
            await inbox.add(db, "acme", [note(id_, step_key=step, title=f"Title {id_}")])
            await ledger.add(db, ref(), rows)

    async def held(self, id_: str, due_at: datetime | None, **changes: Any) -> None:
        """A notification that waits."""
        await self.told(id_, **{"outcome": "deferred", "reason": "quiet_hours", "due_at": due_at, **changes})

    async def change(self, id_: str, **values: Any) -> None:
        """What its owner does with a notification."""
        async with self.database.write() as db:
            await db.execute(update(notifications).where(notifications.c.id == id_).values(**values))

    async def gather(self, at: datetime, asked: datetime | None = None) -> Gathered:
        return await attempt(at, self._gather.gather, GatherRequest(ref=ASHA, now=asked or at))

    async def deliver(self, at: datetime, whose: Ref, *keys: str) -> None:
        for key in keys:
            request = DeliverRequest(ref=whose, key=key, channel=self.channel.name, until=at + 24 * H)
            await attempt(at, self._deliver.deliver, request, self.looks)

    async def end(self, at: datetime) -> list[str]:
        """Gathers and sends what is due; the titles of all that was sent so far."""
        gathered = await self.gather(at)
        await self.deliver(at, ASHA, *(item.key for item in gathered.pending))
        return self.sent

    @property
    def sent(self) -> list[str]:
        return [message.notification.title for message in self.channel.sent]

    async def fates(self) -> dict[str, tuple[str, str | None]]:
        async with self.database.read() as db:
            rows = await ledger.of_entity(db, ref())
        return {row.id: (row.outcome, row.reason) for row in rows if row.channel == self.channel.name}
