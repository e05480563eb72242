"""`punctual api`, `punctual worker`, `punctual migrate`: what production runs, any number of each."""

import asyncio
import signal

import uvicorn

import resources
import settings as configuration
import worker
from api.app import create_app
from api.live_server import OPTIONS
from running import logs, namespace, schedules
from running.errors import CannotStart
from settings import Settings, SettingsError
from store.engine import Database
from store.migrate import migrate


def _settings() -> Settings:
    settings = configuration.load()
    if settings.redis_url is None:
        raise SettingsError("REDIS_URL: is required when API and worker are processes of their own")
    logs.configure(settings)
    return settings


async def serve_api() -> None:
    """Serves HTTP and WebSockets on PORT until told to stop."""
    settings = _settings()
    async with resources.opened(settings) as opened:
        config = uvicorn.Config(
            create_app(opened), host="0.0.0.0", port=settings.port, proxy_headers=True,  # noqa: S104
            log_config=None, access_log=False, timeout_graceful_shutdown=10, **OPTIONS,
        )  # fmt: skip
        await uvicorn.Server(config).serve()


async def serve_worker() -> None:
    """Works until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with resources.opened(_settings()) as opened:
        await worker.run_until(opened, stop)


async def migrate_all() -> None:
    """The database's schema, then the namespace's search attributes and the schedule of digests."""
    settings = configuration.load()
    logs.configure(settings)
    database = Database(settings.database)
    try:
        await migrate(database)
    finally:
        await database.close()
    try:
        client = await resources.connect(settings, lazy=False)
    except RuntimeError:
        raise CannotStart(f"Temporal does not answer at {settings.temporal}; the database is migrated") from None
    await namespace.prepare(client)
    await schedules.prepare(client)
    print("The database and the namespace are up to date.")
