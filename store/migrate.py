"""Brings a database to the present schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection as SyncConnection

from store import backfill
from store.engine import Database


def alembic_config(connection: SyncConnection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


async def migrate(database: Database) -> None:
    """Runs every migration that is missing, in one transaction, and then fills in what old rows lack.

    Safe to call again, and from several processes at once.
    """
    async with database.write() as db:
        await db.run_sync(lambda connection: command.upgrade(alembic_config(connection), "head"))
    await backfill.words(database)
    await backfill.origins(database)
