"""A whole Punctual around one database and one Temporal, small enough to make for each test."""

import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from temporalio import workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

import catalogue
from activities.channels.base import SENT, Channel, Message, Result
from activities.channels.inbox import Inbox
from activities.compose import Compose
from activities.deliver import Deliver
from activities.digest import Digest
from activities.gather import Gather
from activities.plan import Plan
from punctual.channels import CHANNELS
from punctual.client import TASK_QUEUE
from punctual.policy import Policy, Reminder
from punctual.preferences import Preferences
from punctual.protocol import Ref
from punctual.registry import KINDS
from store import directory, entities, inbox, ledger, policies, preferences
from store.bus import LocalBus
from store.directory import User
from store.engine import Database
from store.suppressions import Suppressions
from store.vault import Vault
from worker import RUNNER
from workflows.registry import WORKFLOWS

TENANT = "acme"
NOTICES = catalogue.load()
SUPPRESSIONS = Suppressions(Vault(["a-secret-of-at-least-thirty-two-characters"]))


def user(id_: str, **changes: Any) -> User:
    """Somebody in the directory."""
    values: dict[str, Any] = {
        "id": id_, "name": id_.title(), "email": f"{id_}@example.com", "phone": None, "timezone": "UTC",
        "locale": "en", "roles": [], "teams": [], "manager_id": None, "active": True, "metadata": {},
    }  # fmt: skip
    return User(**{**values, **changes})


class Recorder(Channel):
    """A channel that takes note of what it is given, and answers as it is told to."""

    def __init__(self, name: str) -> None:
        self.name = name  # type: ignore[misc]
        self.sent: list[Message] = []
        self.answers: list[Result] = []
        self.reasons: dict[str, str] = {}

    async def unreachable(self, db: Any, tenant: str, users: Sequence[User], about: Any) -> dict[str, str]:
        return self.reasons

    async def announce(self, messages: Sequence[Message]) -> None:
        self.sent += messages

    async def send(self, message: Message) -> Result:
        answer = self.answers.pop(0) if self.answers else SENT
        if answer.outcome == "sent":
            self.sent.append(message)
        return answer


_SNAPSHOTS: dict[str, Callable[[datetime], dict[str, Any]]] = {
    "appointment": lambda at: {
        "title": "Visit", "customer_name": "Meera Iyer", "starts_at": at + timedelta(days=2),
    },
    "follow_up": lambda at: {"title": "Send the offer", "due_at": at + timedelta(days=2)},
    "task": lambda at: {"title": "Call back", "due_at": at + timedelta(days=2)},
    "ticket": lambda at: {"subject": "Printer is dark", "priority": "high", "opened_at": at},
}  # fmt: skip


@dataclass
class World:
    """What a test drives and looks at."""

    database: Database
    client: Client
    channels: dict[str, Any] = field(default_factory=dict)
    tenant: str = TENANT
    _events: int = 0

    kind: str = "appointment"

    def ref(self, id_: str = "42") -> Ref:
        return Ref(tenant=self.tenant, kind=self.kind, id=id_)

    def event(self, type_: str, time: datetime, *, id: str | None = None, **data: Any) -> dict[str, Any]:
        """An event of the world's kind; `data` changes the snapshot, and its times may be given as such."""
        self._events += 1
        snapshot = {"id": "42", **_SNAPSHOTS[self.kind](time), "assignee_ids": ["asha"], **data}
        plain = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in snapshot.items()
            if value is not None
        }
        return {
            "id": id or f"e{self._events}", "source": "crm", "type": f"{self.kind}.{type_}",
            "time": time.isoformat(), "data": plain,
        }  # fmt: skip

    async def tell(self, event: dict[str, Any]) -> WorkflowHandle[Any, Any]:
        """Signals as any client may: by workflow name and JSON."""
        id_ = event["data"]["id"] if isinstance(event.get("data"), dict) else "42"
        return await self.client.start_workflow(
            KINDS[self.kind].workflow, None, id=self.ref(id_).workflow_id, task_queue=TASK_QUEUE,
            start_signal="event", start_signal_args=[event],
        )  # fmt: skip

    async def remind(self, *before: str, overdue_after: str | None = None) -> None:
        """Makes the tenant's policy: reminders at these durations before the start."""
        rules = Policy(reminders=[Reminder(before=text) for text in before], overdue_after=overdue_after)
        async with self.database.write() as db:
            await policies.put(db, self.tenant, self.kind, rules, NOW)

    async def follow(self, policy: Policy) -> None:
        """Makes a policy that of the tenant, for the world's kind."""
        async with self.database.write() as db:
            await policies.put(db, self.tenant, self.kind, policy, NOW)

    async def people(self, *people: User) -> None:
        async with self.database.write() as db:
            await directory.put(db, self.tenant, people)

    async def choose(self, user_id: str = "asha", *, digest_at: datetime | None = None, **chosen: Any) -> None:
        """What somebody prefers from now on, in the words of the API; when their next digest is due."""
        async with self.database.write() as db:
            wanted = Preferences.model_validate(chosen)
            await preferences.put(db, self.tenant, user_id, wanted, digest_at=digest_at, now=NOW)

    async def inbox(self, user_id: str = "asha") -> list[inbox.Notification]:
        """The user's inbox, oldest first."""
        async with self.database.read() as db:
            found = await inbox.page(db, self.tenant, user_id, limit=1000)
        return list(reversed(found))

    async def types(self, user_id: str = "asha") -> list[str]:
        return [note.type for note in await self.inbox(user_id)]

    async def timeline(self, id_: str = "42") -> dict[str, tuple[str, str | None]]:
        """Step key → (outcome, reason)."""
        async with self.database.read() as db:
            found = await entities.entries(db, self.ref(id_))
        return {entry.step.key: (entry.outcome, entry.reason) for entry in found}

    async def outcomes(self, type_: str, id_: str = "42") -> list[tuple[str, str | None]]:
        async with self.database.read() as db:
            found = await entities.entries(db, self.ref(id_))
        return [(entry.outcome, entry.reason) for entry in found if entry.step.type == type_]

    async def state(self, id_: str = "42") -> str | None:
        entity = await self.entity(id_)
        return entity.state if entity else None

    async def entity(self, id_: str = "42") -> entities.Entity | None:
        async with self.database.read() as db:
            return await entities.load(db, self.ref(id_))

    async def deliveries(self, id_: str = "42") -> list[ledger.Delivery]:
        async with self.database.read() as db:
            return await ledger.of_entity(db, self.ref(id_))


@asynccontextmanager
async def living(
    database: Database,
    client: Client,
    tenant: str | None = None,
    workflows: list[type[Any]] | None = None,
    kind: str = "appointment",
) -> AsyncIterator[World]:
    """A world whose worker runs, with `asha` and her manager `ravi` in the directory."""
    channels: dict[str, Any] = {name: Recorder(name) for name in CHANNELS if name != "inbox"}
    world = World(database, client, {"inbox": Inbox(), **channels}, tenant or f"t{uuid.uuid4().hex[:12]}", kind=kind)
    await world.people(user("asha", manager_id="ravi"), user("ravi"))
    async with workers(world, workflows=workflows):
        yield world


class _PreparedOnce(SandboxedWorkflowRunner):
    """The sandbox, which tries out each workflow when the first worker of the process is made, not with every one."""

    _prepared: ClassVar[set[type]] = set()

    def prepare_workflow(self, defn: workflow._Definition) -> None:
        if defn.cls not in self._prepared:
            super().prepare_workflow(defn)
            self._prepared.add(defn.cls)


_RUNNER = _PreparedOnce(RUNNER.restrictions)


@asynccontextmanager
async def workers(
    world: World, *, workflows: list[type[Any]] | None = None, runner: WorkflowRunner | None = None
) -> AsyncIterator[None]:
    """The workers of a world: the queues and activities of `worker.py`, with the world's own channels."""
    plan = Plan(world.database, NOTICES, LocalBus())
    compose = Compose(world.database, world.channels, NOTICES, ["crm.example.com"])
    deliver = Deliver(world.database, world.channels, NOTICES, SUPPRESSIONS)
    gather = Gather(world.database, NOTICES, ["crm.example.com"])
    digest = Digest(world.database, world.channels, NOTICES, ["crm.example.com"])
    fast = [plan.plan, compose.compose, gather.gather, digest.digest]
    async with AsyncExitStack() as stack:
        for queue in [TASK_QUEUE, *sorted({spec.queue for spec in CHANNELS.values() if spec.slow})]:
            worker = Worker(
                world.client, task_queue=queue,
                workflows=(workflows or WORKFLOWS) if queue == TASK_QUEUE else [],
                activities=fast if queue == TASK_QUEUE else [deliver.deliver],
                workflow_runner=runner or _RUNNER, workflow_failure_exception_types=[Exception],
            )  # fmt: skip
            await stack.enter_async_context(worker)
        yield


NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
