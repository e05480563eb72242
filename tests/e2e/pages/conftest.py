"""The real application behind a real browser; Temporal only takes notes."""

import re
import shutil
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from api.identity import mint
from punctual import events
from punctual.lifecycle import Record, apply
from punctual.protocol import Ref
from punctual.registry import KINDS, kind_of
from punctual.timeline import Entry
from resources import Resources
from settings import Settings
from store import entities, inbox, ledger
from store.bus import LocalBus
from store.engine import Database
from store.inbox import Notification
from store.ledger import Delivery
from store.subscriptions import Subscriptions
from store.vault import Vault
from tests.application import application
from tests.server import listening, serving
from tests.world import NOTICES

SECRETS = ["a-secret-of-at-least-thirty-two-characters"]
TENANT, USER = "acme", "asha"
_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

# What tests bring about themselves: refused requests and sockets, a network taken away, a mail's script not run.
_PROVOKED = re.compile(
    "^Failed to load resource|ERR_|^Blocked script execution in 'about:srcdoc'|Unexpected response code: 403$"
)


class Signals:
    """A Temporal client that remembers the events and the acts it was given."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.acts: list[tuple[str, dict[str, Any]]] = []
        self.answer: dict[str, Any] = {"state": "acknowledged", "acknowledged_by": USER, "next_step_at": None}
        self.refusal: tuple[str, str] | None = None
        """The type and the words by which acts are refused."""

    async def start_workflow(self, *_: Any, start_signal_args: list[Any], **__: Any) -> None:
        self.events += start_signal_args

    async def execute_update_with_start_workflow(self, name: str, body: dict[str, Any], **_: Any) -> dict[str, Any]:
        self.acts.append((name, body))
        if self.refusal:
            type_, words = self.refusal
            raise WorkflowUpdateFailedError(ApplicationError(words, type=type_))
        return self.answer

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]


@dataclass
class Site:
    """The application as one user meets it."""

    url: str
    ours: Resources
    temporal: Signals

    def token(self, role: str = "admin", tenant: str = TENANT) -> str:
        return mint(SECRETS, tenant, USER, role, timedelta(hours=1))

    @property
    def login(self) -> str:
        return f"{self.url}/#token={self.token()}"

    async def keep(
        self, type_: str, id_: str, *, state: str = "open", by: str | None = None, now: datetime | None = None,
        next_step: datetime | None = None, steps: Sequence[Entry] = (), told: Sequence[Delivery] = (), **data: Any,
    ) -> None:  # fmt: skip
        """An entity as a worker keeps it after an event, with what has become of its steps."""
        now = now or datetime.now(UTC)
        kind = kind_of(type_)
        body: dict[str, Any] = {
            "id": f"e-{id_}", "type": type_, "time": now.isoformat(),
            "data": {"id": id_, "assignee_ids": [USER], **data},
        }  # fmt: skip
        record, _ = apply(Record(), events.parse(body, now=now), kind)
        ref = Ref(tenant=TENANT, kind=kind.name, id=id_)
        async with self.ours.database.write() as db:
            await entities.save(
                db, ref, record, state=state, due_at=None, next_step_at=next_step, now=now, acknowledged_by=by
            )
            await entities.assign(db, ref, body["data"]["assignee_ids"])
            await entities.add_entries(db, ref, steps, now)
            await ledger.add(db, ref, told)

    async def notify(self, *notes: Notification) -> int:
        """Writes notifications without telling anybody; the inbox's version after it."""
        async with self.ours.database.write() as db:
            await inbox.add(db, TENANT, notes)
            return (await inbox.bump(db, TENANT, [USER]))[USER]

    async def arrive(self, note: Notification) -> None:
        """Writes a notification and publishes its frame, as a worker does."""
        version = await self.notify(note)
        frame = {
            "type": "new_notification", "notification": note.public(), "unread_count": await self.unread(),
            "version": version,
        }  # fmt: skip
        await self.ours.bus.publish(TENANT, USER, frame)

    async def unread(self) -> int:
        async with self.ours.database.read() as db:
            return (await inbox.unread(db, TENANT, [USER]))[USER]

    async def get(self, path: str, *, role: str = "admin", tenant: str = TENANT, **headers: str) -> httpx.Response:
        """A request as httpx sends it; without a token when `role` is empty."""
        if role:
            headers["authorization"] = f"Bearer {self.token(role, tenant)}"
        async with httpx.AsyncClient(base_url=self.url, trust_env=False) as client:
            return await client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    async def send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """A change that the same user makes on another device."""
        headers = {"authorization": f"Bearer {self.token('user')}"}
        async with httpx.AsyncClient(base_url=self.url, trust_env=False, headers=headers) as client:
            return (await client.request(method, path, json=body)).raise_for_status()


def note(id_: str, minute: int = 0, **changes: Any) -> Notification:
    values: dict[str, Any] = {
        "id": id_, "user_id": USER, "kind": next(iter(KINDS)), "entity_id": "42", "step_key": f"step-{id_}",
        "type": "appointment.reminder", "category": "appointments", "priority": "normal", "title": f"Title {id_}",
        "message": "Soon", "action_url": None, "action_text": None, "actions": [], "metadata": {},
        "listed": True, "created_at": datetime(2026, 11, 20, 9, tzinfo=UTC) + timedelta(minutes=minute),
    }  # fmt: skip
    return Notification(**{**values, **changes})


@pytest.fixture
async def site(sqlite: Database, tmp_path: Path) -> AsyncIterator[Site]:
    """A server on a free port of its own."""
    listener = listening()
    port = listener.getsockname()[1]
    settings = Settings(secret_keys=SECRETS, data=tmp_path, port=port, _env_file=None)  # type: ignore[call-arg]
    vault, temporal = Vault(SECRETS), Signals()
    ours = Resources(
        settings, sqlite, vault, LocalBus(), Subscriptions(vault), NOTICES, temporal  # type: ignore[arg-type]
    )  # fmt: skip
    async with serving(application(ours), listener):
        yield Site(f"http://127.0.0.1:{port}", ours, temporal)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium was found on PATH")
    expect.set_options(timeout=30_000)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def context(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[BrowserContext]:
    """A browser profile of its own, in which a page that says anything on the console fails its test.

    A page that has a service worker hides its requests from `page.route`: only tests of the worker let it in.
    """
    is_let_in = request.node.get_closest_marker("service_worker") is not None
    context = await browser.new_context(
        locale="en-GB", timezone_id="Asia/Kolkata", service_workers="allow" if is_let_in else "block",
    )  # fmt: skip
    context.set_default_timeout(30_000)
    said: list[str] = []
    context.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    context.on("weberror", lambda error: said.append(str(error.error)))
    yield context
    await context.close()
    assert [text for text in said if not _PROVOKED.search(text)] == []


@pytest.fixture
async def page(context: BrowserContext) -> Page:
    return await context.new_page()
