"""The real application behind a real browser; Temporal only takes notes."""

import asyncio
import re
import shutil
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

import catalogue
from api.app import create_app
from api.identity import mint
from punctual.registry import KINDS
from resources import Resources
from settings import Settings
from store import inbox
from store.bus import LocalBus
from store.engine import Database
from store.inbox import Notification
from store.subscriptions import Subscriptions
from store.vault import Vault

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
    """A Temporal client that remembers the events it was given."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    async def start_workflow(self, *_: Any, start_signal_args: list[Any], **__: Any) -> None:
        self.events += start_signal_args


class Server(uvicorn.Server):
    """uvicorn that tells when it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


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
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    settings = Settings(secret_keys=SECRETS, data=tmp_path, port=port, _env_file=None)  # type: ignore[call-arg]
    vault, temporal = Vault(SECRETS), Signals()
    ours = Resources(
        settings, sqlite, vault, LocalBus(), Subscriptions(vault), catalogue.load(), temporal  # type: ignore[arg-type]
    )  # fmt: skip
    server = Server(uvicorn.Config(create_app(ours), log_config=None, timeout_graceful_shutdown=1))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    await server.up.wait()
    yield Site(f"http://127.0.0.1:{port}", ours, temporal)
    server.should_exit = True
    await task


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium was found on PATH")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser profile of its own, in which a page that says anything on the console fails its test."""
    context = await browser.new_context(locale="en-GB", timezone_id="Asia/Kolkata")
    context.set_default_timeout(10_000)
    said: list[str] = []
    context.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    context.on("weberror", lambda error: said.append(str(error.error)))
    yield context
    await context.close()
    assert [text for text in said if not _PROVOKED.search(text)] == []


@pytest.fixture
async def page(context: BrowserContext) -> Page:
    return await context.new_page()
