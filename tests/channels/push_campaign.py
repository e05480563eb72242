"""Many messages to the browsers of several tenants, through push services in all states of health, in virtual time.

The channel, the store and the activity are the real ones; what it takes days to wait for passes at once.
"""

import asyncio
import heapq
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count, cycle, islice
from typing import Any

from temporalio.exceptions import ApplicationError

from activities.channels.web_push import WebPush
from activities.channels.web_push_vapid import VapidKeys
from activities.deliver import Deliver
from punctual.protocol import DeliverRequest, Ref
from punctual.push_endpoints import allowed_origins
from store import directory, inbox, ledger
from store.engine import Database
from store.inbox import Notification
from store.ledger import Delivery
from store.subscriptions import Subscription, Subscriptions
from store.suppressions import Suppressions
from tests.activities.conftest import attempt
from tests.channels.conftest import HOME, VAULT, note
from tests.channels.push_checker import Device, Evidence, Task
from tests.channels.push_script import (
    BUSY,
    GONE,
    RACE,
    REJECTED,
    RETRIED,
    TAKEN,
    Clock,
    Entry,
    Impatient,
    ScriptedService,
    service,
)
from tests.channels.push_service import OWNER, KeyPair, Push, running
from tests.world import user

TENANTS = ("acme", "globex", "initech")
AT_ONCE = 20
LIFETIME = timedelta(minutes=75)
DOWN_FOR, REFUSING_FOR = timedelta(minutes=10), timedelta(minutes=15)
STEP = "reminder"
URGENCY = {"low": "low", "normal": "normal", "high": "high", "urgent": "high"}
# What is wrong with one attempt of many, where all else is well; and where a service is sick.
FAULTS = (
    *((one,) for one in (*RETRIED, *REJECTED, GONE, RACE, "413", "endless", "slow")),
    ("413", "413"), ("500", "429 seconds", "503 absent"), ("429 absurd", "413"), ("408", RACE),
)  # fmt: skip
SICK = (("drip",), ("cut",), (), ("silence",), ("drip", "cut"), ("500", "drip"), (BUSY[0], "cut"), (), ())
WELL = ("alpha", "beta")


@dataclass
class Campaign:
    """`keys`: the one that is offered, and the one before it."""

    database: Database
    rng: random.Random
    clock: Clock = field(default_factory=lambda: Clock(datetime.now(UTC).replace(microsecond=0)))
    keys: tuple[KeyPair, KeyPair] = field(default_factory=lambda: (KeyPair(), KeyPair()))
    services: dict[str, ScriptedService] = field(default_factory=dict)
    log: list[Entry] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    devices: dict[str, Device] = field(default_factory=dict)
    scripted: set[tuple[str, str]] = field(default_factory=set)
    subscriptions: Subscriptions = field(default_factory=lambda: Subscriptions(VAULT))
    stored: dict[str, tuple[str, Subscription]] = field(default_factory=dict)
    """By device its tenant and what it subscribed with."""

    async def resubscribe(self, device: str) -> None:
        """What the page does when it is opened: the same browser, once more."""
        tenant, subscription = self.stored[device]
        async with self.database.write() as db:
            again = replace(subscription, created_at=self.clock.tick())
            await self.subscriptions.save(db, tenant, again)

    def usual(self, name: str) -> Callable[[Push], str]:
        """What a service says to whatever is not in its script."""

        def says(push: Push) -> str:
            if name == "omega":
                return "drip"
            refuses = name == "epsilon" and self.keys[1].public in push.headers["Authorization"]
            return "403" if refuses and self.clock.now < self.start + REFUSING_FOR else TAKEN

        return says

    def __post_init__(self) -> None:
        self.start = self.clock.now

    async def populate(self, people: int) -> None:
        """`people` in turn of each tenant, with one to three browsers each; some have one that nobody reaches."""
        usual = cycle(("alpha", "beta", "alpha", "gamma", "beta", "epsilon", "alpha", "delta", "epsilon", "beta"))
        for number in range(people):
            tenant, who = TENANTS[number % len(TENANTS)], f"u{number}"
            names = list(islice(usual, self.rng.choice((1, 1, 2, 2, 3))))
            if number % 100 == 0:
                names[0] = "omega"
            async with self.database.write() as db:
                await directory.put(db, tenant, [user(who)])
                for name in names:
                    await self._subscribe(db, tenant, who, name)

    async def _subscribe(self, db: Any, tenant: str, who: str, name: str) -> None:
        id_ = f"{who}-{len(self.devices)}"
        pair = self.rng.choice(self.keys)
        made = self.services[name].add(id_, pair)
        # What nobody wrote down the key of was made for the oldest.
        unnamed = pair is self.keys[1] and self.rng.random() < 0.5
        made = replace(
            made, user_id=who, created_at=self.clock.tick() - timedelta(days=1),
            vapid_key=None if unnamed else pair.public,
        )  # fmt: skip
        await self.subscriptions.save(db, tenant, made)
        self.stored[id_] = (tenant, made)
        well = name in WELL or (name == "epsilon" and pair is self.keys[0])
        self.devices[id_] = Device(id_, f"{tenant}/{who}", name, well)

    async def compose(self, messages: int) -> list[tuple[datetime, DeliverRequest]]:
        """The rows and words of all messages, of one to five people each, and when each is due."""
        owners: dict[str, list[Device]] = {}
        for device in self.devices.values():
            owners.setdefault(device.owner, []).append(device)
        faults, sick = cycle(self.rng.sample(FAULTS, len(FAULTS))), cycle(SICK)
        requests = []
        for number in count():
            if len(self.tasks) >= messages:
                return requests
            tenant, at = TENANTS[number % len(TENANTS)], self.start + timedelta(minutes=2) * (number // 10)
            ref = Ref(tenant=tenant, kind="appointment", id=f"e{number - number % 7 // 5}")
            step = f"{STEP}-{number}"
            theirs = sorted(owner for owner in owners if owner.startswith(f"{tenant}/"))
            told = self.rng.sample(theirs, min(self.rng.randint(1, 5), messages - len(self.tasks)))
            tasks = [self._task(number, owner, ref, at) for owner in told]
            self.tasks += tasks
            for task in tasks:
                for device in owners[task.owner]:
                    self._script(device, task, faults if device.is_well else sick)
            async with self.database.write() as db:
                await inbox.add(db, tenant, [self._note(task, ref, step) for task in tasks])
                await ledger.add(db, ref, [self._row(task, step) for task in tasks])
            requests.append((at, DeliverRequest(ref=ref, key=step, channel="web_push", until=at + LIFETIME)))
        raise AssertionError("unreachable")

    def _task(self, number: int, owner: str, ref: Ref, at: datetime) -> Task:
        priority = self.rng.choice(tuple(URGENCY))
        id_ = f"{number}-{owner.replace('/', '-')}"
        collapse = f"{ref.tenant}/appointment/{ref.id}/appointment.{priority}"
        return Task(f"d{id_}", f"n{id_}", ref.tenant, owner, collapse, URGENCY[priority], at, at + LIFETIME)

    def _script(self, device: Device, task: Task, faults: Iterator[tuple[str, ...]]) -> None:
        if device.service in ("omega", "delta") or self.rng.random() > 0.4:
            return
        script = next(faults)
        if script:
            pair = (device.id, task.notification_id)
            self.scripted.add(pair)
            self.services[device.service].scripts[pair] = iter(script)

    def _note(self, task: Task, ref: Ref, step: str) -> Notification:
        type_ = task.collapse.rsplit("/", 1)[1]
        return note(
            id=task.notification_id, user_id=task.owner.split("/")[1], entity_id=ref.id, step_key=step, type=type_,
            priority=type_.split(".")[1], created_at=task.at,
        )  # fmt: skip

    def _row(self, task: Task, step: str) -> Delivery:
        who = task.owner.split("/")[1]
        return Delivery(task.delivery_id, who, "web_push", step, task.notification_id, "planned", None, task.at)

    async def run(self, requests: list[tuple[datetime, DeliverRequest]]) -> None:
        """Attempts each request when it is due, as a workflow does, until it says that it has done."""
        http = Impatient(allowed_origins(tuple(one.origin for one in self.services.values())))
        for one in self.services.values():
            one.http = http
        keys = VapidKeys([(pair.private, pair.public) for pair in self.keys], OWNER)
        channel = WebPush(
            self.database, self.subscriptions, http, vapid=keys, home=HOME, vault=VAULT, now=lambda: self.clock.now,
            allowed=[one.origin for one in self.services.values()],
        )  # fmt: skip
        deliver = Deliver(self.database, {"web_push": channel}, {}, Suppressions(VAULT))
        queue = [(at, number, 0, request) for number, (at, request) in enumerate(requests)]
        heapq.heapify(queue)
        delta = self.services["delta"].start
        while queue:
            self.clock.now = max(queue[0][0], self.clock.now)
            if delta and self.clock.now >= self.start + DOWN_FOR:
                await delta()
                delta = None
            due = [heapq.heappop(queue) for _ in range(AT_ONCE) if queue and queue[0][0] <= self.clock.now]
            again = await asyncio.gather(*(self._attempt(deliver, tried, request) for _, _, tried, request in due))
            for (_, number, tried, request), at in zip(due, again, strict=True):
                if at is not None:
                    heapq.heappush(queue, (at, number, tried + 1, request))
        await channel.close()

    async def _attempt(self, deliver: Deliver, tried: int, request: DeliverRequest) -> datetime | None:
        """When to try again."""
        now = self.clock.now
        if now >= request.until:
            request = request.model_copy(update={"give_up": True, "expired": True})
        try:
            await attempt(now, deliver.deliver, request)
        except ApplicationError as error:
            assert error.type == "Retry"
            wait = error.next_retry_delay or min(timedelta(seconds=2 * 2 ** min(tried, 10)), timedelta(minutes=10))
            return min(now + wait, request.until)
        return None

    async def evidence(self) -> Evidence:
        rows: list[Delivery] = []
        subscribed: list[str] = []
        async with self.database.read() as db:
            for owner in sorted({device.owner for device in self.devices.values()}):
                rows += await ledger.of_user(db, *owner.split("/"))
                subscribed += [one.id for one in await self.subscriptions.of(db, *owner.split("/"))]
        return Evidence(self.tasks, list(self.devices.values()), self.log, rows, subscribed, self.scripted)


@asynccontextmanager
async def campaign(database: Database, seed: int) -> AsyncIterator[Campaign]:
    """`alpha` and `beta` are well, but for a fault here and there; `gamma` drips and cuts off, `delta` is down for a
    while, `epsilon` refuses one of our keys for a while, `omega` never answers."""
    made = Campaign(database, random.Random(seed))
    async with AsyncExitStack() as stack:
        for name in (*WELL, "gamma", "delta", "epsilon", "omega"):
            one = service(
                name, made.keys[0], clock=made.clock, http=Impatient(frozenset()), log=made.log,
                resubscribe=made.resubscribe, usual=made.usual(name),
            )  # fmt: skip
            made.services[name] = one
            await stack.enter_async_context(running(one, is_open=name != "delta"))
        yield made
