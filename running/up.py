"""Everything `punctual up` starts, in order, and how it ends."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
import uvicorn
from fastapi import FastAPI
from sqlalchemy.exc import DatabaseError

import resources
import settings as configuration
import worker
from api.app import create_app
from api.identity import mint
from api.live_server import OPTIONS
from resources import Resources
from running import data_folder, demo, logs, namespace, schedules
from running.errors import CannotStart
from running.temporal_server import TemporalServer
from settings import Settings
from store.migrate import migrate

log = structlog.get_logger(__name__)

HOST = "127.0.0.1"


class _Server(uvicorn.Server):
    """uvicorn that greets when it serves. Its signals are ours: it would re-raise them before Temporal stops."""

    def __init__(self, config: uvicorn.Config, settings: Settings) -> None:
        super().__init__(config)
        self.settings = settings

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            _greet(self.settings)


async def run() -> None:
    """Serves until SIGINT or SIGTERM; raises CannotStart or SettingsError with one line that says what to do."""
    settings = configuration.load(beside_up=False)
    logs.configure(settings)
    with data_folder.locked(settings.data):
        data_folder.ensure_secrets(settings.data)
        settings = configuration.load(
            beside_up=False,
            temporal_address=f"{HOST}:{settings.temporal_port}",
            email_url=settings.email_url or "outbox:",
        ).for_up()
        # Ours is kept from here on; Temporal binds its own.
        listener = _bound("PORT", settings.port)
        for name, port in (
            ("TEMPORAL_PORT", settings.temporal_port),
            ("TEMPORAL_UI_PORT", settings.temporal_ui_port),
        ):
            _bound(name, port).close()
        temporal = TemporalServer(settings)
        print("Starting Temporal …", flush=True)
        await temporal.start()
        try:
            async with resources.opened(settings) as opened:
                worker.check(opened)
                await _prepare(opened, temporal)
                with data_folder.ports_shown(settings):
                    await _serve(opened, temporal, listener)
        finally:
            listener.close()
            print("Stopping …", flush=True)
            await temporal.stop()


async def _prepare(opened: Resources, temporal: TemporalServer) -> None:
    try:
        await migrate(opened.database)
        await demo.seed(opened.database)
    except DatabaseError as error:
        raise CannotStart(f"the database {opened.settings.database} cannot be used: {error.orig}") from None
    await temporal.ready(opened.temporal)
    await namespace.prepare(opened.temporal)
    await schedules.prepare(opened.temporal)


async def _serve(opened: Resources, temporal: TemporalServer, listener: socket.socket) -> None:
    settings = opened.settings

    @asynccontextmanager
    async def with_worker(_: FastAPI) -> AsyncIterator[None]:
        async with worker.running(opened):
            yield

    app = create_app(opened, lifespan_extra=with_worker)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
        **OPTIONS,
    )
    server = _Server(config, settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, lambda: setattr(server, "should_exit", True))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    supervising = asyncio.create_task(temporal.supervise())
    try:
        await asyncio.wait({serving, supervising}, return_when=asyncio.FIRST_COMPLETED)
        if supervising.done() and not serving.done():
            server.should_exit = True
        await serving
        if supervising.done():
            supervising.result()
    finally:
        supervising.cancel()


def _greet(settings: Settings) -> None:
    token = mint(settings.secrets, demo.TENANT, demo.USER, "admin", timedelta(days=1))
    lines = [
        "",
        "Punctual is up. Ctrl-C stops it; `make up` goes on where it stopped.",
        "",
        f"  Desk, logged in as {demo.USER}   {settings.url}/#token={token}",
        f"  Temporal Web UI          http://{HOST}:{settings.temporal_ui_port}",
        *([f"  Mail that was sent       {settings.url}/outbox"] if settings.has_outbox else []),
        f"  API reference            {settings.url}/docs",
        f"  Data                     {settings.data.resolve()}",
        "",
    ]
    print("\n".join(lines), flush=True)


def _bound(name: str, port: int) -> socket.socket:
    """A socket of ours on the port; raises CannotStart where somebody else has it."""
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((HOST, port))
    except OSError:
        found.close()
        raise CannotStart(
            f"port {port} ({name}) is in use; stop what uses it, or choose another: {name}={port + 1} make up"
        ) from None
    return found
