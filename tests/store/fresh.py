"""Databases of one's own in the session's PostgreSQL."""

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine


async def new_database(server: str, name: str) -> str:
    """Makes an empty database; its URL."""
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f'CREATE DATABASE "{name}"'))
    await engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)
