"""The whole application over a real SQLite, with a Temporal that only takes notes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from api.identity import mint
from resources import Resources
from settings import Settings
from store import inbox
from store.bus import LocalBus
from store.engine import Database
from store.inbox import Notification
from store.subscriptions import Subscriptions
from store.vault import Vault
from tests.application import application
from tests.world import NOTICES

SECRETS = ["first-secret-of-at-least-32-characters", "older-secret-of-at-least-32-characters"]
PAYLOAD_KEYS_SETTING = "test:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"
HOUR = timedelta(hours=1)
ORIGIN = "https://crm.example.com"
STANDS = {"state": "acknowledged", "acknowledged_by": "asha", "next_step_at": None}


@dataclass
class Signals:
    """A Temporal client that remembers what it was asked to start, in order, and can be down."""

    started: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    replanned: list[str] = field(default_factory=list)
    updates: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    """Workflow id, name and body of each update."""
    update_ids: list[str] = field(default_factory=list)
    answer: dict[str, Any] | Exception = field(default_factory=lambda: dict(STANDS))
    """What an update comes to."""
    down: bool = False
    at_once: int = 0
    most_at_once: int = 0

    @property
    def service_client(self) -> "Signals":
        return self

    async def check_health(self, **_: Any) -> bool:
        self._answer()
        return True

    async def start_workflow(
        self, workflow: str, arg: Any, *, id: str, start_signal: str, start_signal_args: list[Any], **_: Any
    ) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        self._answer()
        if start_signal == "replan":
            self.replanned.append(id)
        else:
            self.started.append((id, start_signal_args[0]))

    async def execute_update_with_start_workflow(
        self, name: str, body: dict[str, Any], *, start_workflow_operation: Any, id: str, **_: Any
    ) -> dict[str, Any]:
        start = start_workflow_operation._start_workflow_input
        self.updates.append((start.id, name, body))
        self.update_ids.append(id)
        try:
            self._answer()
            if isinstance(self.answer, Exception):
                raise self.answer
        except (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            start_workflow_operation._workflow_handle.set_exception(error)
            raise
        return self.answer

    def _answer(self) -> None:
        if self.down:
            raise RPCError("down", RPCStatusCode.UNAVAILABLE, b"")


@dataclass
class World:
    """What a test drives and looks at."""

    app: FastAPI
    ours: Resources
    temporal: Signals
    http: httpx.AsyncClient

    def token(self, user: str = "asha", role: str = "user", tenant: str = "acme", ttl: timedelta = HOUR) -> str:
        return mint(SECRETS, tenant, user, role, ttl)

    async def call(
        self, method: str, path: str, *, role: str = "user", user: str = "asha", tenant: str = "acme", **options: Any
    ) -> httpx.Response:
        """A request by somebody with that role; no token when `role` is empty."""
        headers = dict(options.pop("headers", {}))
        if role:
            headers.setdefault("Authorization", f"Bearer {self.token(user, role, tenant)}")
        return await self.http.request(method, path, headers=headers, **options)

    async def raw(
        self, method: str, path: str, body: bytes, *, role: str = "service", **headers: str
    ) -> httpx.Response:
        """A request with exactly these bytes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.call(
            method, path, role=role, content=body, headers={"content-type": "application/json", **named}
        )

    async def notify(self, user: str = "asha", *ids: str, tenant: str = "acme", **changes: Any) -> None:
        """Writes notifications, one minute apart, as `compose` does."""
        rows = [notification(user, id_, number, **changes) for number, id_ in enumerate(ids)]
        async with self.ours.database.write() as db:
            await inbox.add(db, tenant, rows)
            await inbox.bump(db, tenant, [user])


def notification(user: str, id_: str, minute: int = 0, **changes: Any) -> Notification:
    values: dict[str, Any] = {
        "id": id_, "user_id": user, "kind": "appointment", "entity_id": "42", "step_key": f"step-{id_}",
        "type": "appointment.reminder", "category": "appointments", "priority": "high", "title": f"Title {id_}",
        "message": "Soon", "action_url": "/appointments/42", "action_text": "Open", "actions": [], "metadata": {},
        "listed": True, "created_at": datetime(2026, 11, 20, 9, minute, tzinfo=UTC),
    }  # fmt: skip
    return Notification(**{**values, **changes})


def settings(**changes: Any) -> Settings:
    values: dict[str, Any] = {
        "secret_keys": SECRETS, "public_url": ORIGIN, "action_url_hosts": ["crm.example.com"],
        "vapid_private_key": None, "_env_file": None,
    }  # fmt: skip
    return Settings(**{**values, **changes})


Build = Callable[..., World]


@pytest.fixture
async def build(sqlite: Database) -> AsyncIterator[Build]:
    """Makes worlds over one database, each with settings of its own."""
    clients: list[httpx.AsyncClient] = []

    def make(**changes: Any) -> World:
        vault = Vault(SECRETS)
        temporal = Signals()
        ours = Resources(
            settings(**changes), sqlite, vault, LocalBus(), Subscriptions(vault), NOTICES, temporal  # type: ignore[arg-type]
        )  # fmt: skip
        app = application(ours)
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")
        clients.append(client)
        return World(app, ours, temporal, client)

    yield make
    for client in clients:
        await client.aclose()


@pytest.fixture
def world(build: Build) -> World:
    return build()


def event(id: str = "e1", type: str = "appointment.scheduled", /, **data: Any) -> dict[str, Any]:
    """A good event about appointment 42; `data` changes its snapshot."""
    snapshot = {
        "id": "42", "title": "Visit", "customer_name": "Meera Iyer", "starts_at": "2026-11-20T10:00:00Z",
        "assignee_ids": ["asha"], **data,
    }  # fmt: skip
    return {
        "specversion": "1.0", "id": id, "source": "crm", "type": type, "time": "2025-01-01T09:00:00Z",
        "data": snapshot,
    }  # fmt: skip


def refusal(code: str, detail: str = "No.") -> WorkflowUpdateFailedError:
    """What an update raises that the workflow has refused."""
    return WorkflowUpdateFailedError(ApplicationError(detail, type=code, non_retryable=True))


def assert_problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """`answer` is problem details with this status; its body."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == "about:blank"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body
