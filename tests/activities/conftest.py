"""The activities over a real store, run without a workflow; only what crosses the network is a recorder."""

import dataclasses
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from temporalio.testing import ActivityEnvironment

from activities.channels.inbox import Inbox
from activities.compose import Compose
from activities.deliver import Deliver
from activities.plan import Plan
from punctual import events
from punctual.channels import CHANNELS
from punctual.protocol import Composed, ComposeRequest, DeliverRequest, Heard, Planned, PlanRequest, Ref, Told
from store import directory, ledger
from store.bus import LocalBus
from store.engine import Database
from store.ledger import Delivery
from tests.world import NOTICES, SUPPRESSIONS, Recorder, user

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
START = NOW + 2 * HOUR
REMINDER = "reminder-PT1H-20261120T110000Z"
REF = Ref(tenant="acme", kind="appointment", id="42")

T = TypeVar("T")


async def attempt(moment: datetime, activity: Callable[..., Awaitable[T]], request: Any, client: Any = None) -> T:
    """What an activity answers when an attempt of it starts at `moment`."""
    environment = ActivityEnvironment(client=client)
    environment.info = dataclasses.replace(environment.info, started_time=moment)
    return await environment.run(activity, request)


@dataclass
class Office:
    """The three activities of appointment 42 of `asha` and `ben`, which is at START."""

    database: Database
    channels: dict[str, Any]

    def __post_init__(self) -> None:
        self.planning = Plan(self.database, NOTICES, LocalBus())
        self.composing = Compose(self.database, self.channels, NOTICES, [])
        self.delivering = Deliver(self.database, self.channels, NOTICES, SUPPRESSIONS)

    async def plan(self, type_: str = "scheduled", at: datetime = NOW) -> Planned:
        """Plans after an event of that type."""
        body = {
            "id": type_, "type": f"appointment.{type_}", "time": at.isoformat(),
            "data": {
                "id": "42", "title": "Visit", "customer_name": "Meera Iyer", "starts_at": START.isoformat(),
                "assignee_ids": ["asha", "ben"],
            },
        }  # fmt: skip
        heard = Heard(event=events.parse(body, now=at), at=at)
        return await attempt(at, self.planning.plan, PlanRequest(ref=REF, now=at, heard=[heard]))

    async def compose(
        self, key: str = REMINDER, at: datetime = START - HOUR, ref: Ref = REF, after: str | None = None
    ) -> Composed:
        request = ComposeRequest(ref=ref, key=key, now=at, after=after)
        return await attempt(at, self.composing.compose, request)

    async def deliver(self, at: datetime = START - HOUR, *, give_up: bool = False, expired: bool = False) -> Told:
        """One attempt to mail the reminder."""
        request = DeliverRequest(
            ref=REF, key=REMINDER, channel="email", until=START, give_up=give_up, expired=expired
        )
        return await attempt(at, self.delivering.deliver, request)

    async def mails(self) -> dict[str, Delivery]:
        """The reminder's mails in the ledger, by recipient."""
        async with self.database.read() as db:
            rows = await ledger.of_entity(db, REF)
        return {row.user_id: row for row in rows if row.channel == "email" and row.step_key == REMINDER}

    async def fates(self) -> dict[str, tuple[str, str | None]]:
        """Outcome and reason of the reminder's mails, by recipient."""
        return {user_id: (row.outcome, row.reason) for user_id, row in (await self.mails()).items()}


@pytest.fixture
async def office(database: Database) -> Office:
    """Asha and Ben are in the directory, and nothing has happened yet."""
    recorders = {name: Recorder(name) for name in CHANNELS if name != "inbox"}
    async with database.write() as db:
        await directory.put(db, REF.tenant, [user("asha"), user("ben")])
    return Office(database, {"inbox": Inbox(), **recorders})


@pytest.fixture
async def reminded(office: Office) -> Office:
    """The reminder has been composed, and its mails are still to be sent."""
    await office.plan()
    await office.compose()
    return office
