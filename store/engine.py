"""The database, and its two kinds of transaction."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Table, event, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

Connection = AsyncConnection
T = TypeVar("T")

AT_ONCE = 500


class Database:
    """One database, SQLite or PostgreSQL, by the URL that SQLAlchemy takes."""

    def __init__(self, url: str) -> None:
        self.is_sqlite = url.startswith("sqlite")
        # Read-then-write needs the write lock from the start on SQLite: plain BEGIN loses updates or fails at once.
        # Each of SQLite's connections is a thread; opening one costs more than a transaction, so none is thrown away.
        options: dict[str, Any] = {"pool_size": 20, "max_overflow": 0, "pool_pre_ping": not self.is_sqlite}
        # What fails is logged with its statement; what the statement was to write is not for logs.
        options["hide_parameters"] = True
        self.engine = create_async_engine(url, **options)
        # Writers of this process queue here, not in SQLite's polling busy handler.
        self._writer = asyncio.Lock()
        if self.is_sqlite:
            event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)
            # A connection that is thrown away in the middle of a write would keep the lock until it is collected.
            event.listen(self.engine.sync_engine.pool, "invalidate", _let_go)
        else:
            event.listen(self.engine.sync_engine, "handle_error", _leave_out_detail)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """A transaction whose statements see one state of the database."""
        level = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        async with self.engine.connect() as connection:
            await connection.execution_options(**level)
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Connection]:
        """A transaction that may write; what it did is durable when the block has ended without an error."""
        turn: AbstractAsyncContextManager[Any] = self._writer if self.is_sqlite else nullcontext()
        async with turn, self.engine.connect() as connection:
            await connection.execution_options(punctual_write=True)
            async with connection.begin():
                yield connection

    async def close(self) -> None:
        await self.engine.dispose()


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=15000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _leave_out_detail(context: ExceptionContext) -> None:
    """PostgreSQL quotes the row that it refuses, which is not for logs either."""
    error: Any = context.original_exception
    brief = getattr(getattr(error, "diag", None), "message_primary", None)
    if brief and context.sqlalchemy_exception:
        error.args = (brief,)
        context.sqlalchemy_exception.args = (f"({type(error).__module__}.{type(error).__name__}) {brief}",)


def _let_go(connection: DBAPIConnection, *_: Any) -> None:
    connection.rollback()


def _begin_sqlite(connection: Any) -> None:
    writes = connection.get_execution_options().get("punctual_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def insert(db: Connection, table: Table) -> Any:
    """An INSERT that knows `on_conflict_do_nothing` and `on_conflict_do_update` on either database."""
    dialect = sqlite if db.dialect.name == "sqlite" else postgresql
    return dialect.insert(table)


def parts(items: Sequence[T], size: int = AT_ONCE) -> Iterator[Sequence[T]]:
    """As many at a time as one statement, or one transaction, does well with."""
    return (items[start : start + size] for start in range(0, len(items), size))


async def lock(db: Connection, name: str) -> None:
    """Keeps others who lock the same name out until the transaction ends; SQLite has one writer anyway."""
    if db.dialect.name == "postgresql":
        await db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


async def ping(db: Connection) -> None:
    """Asks the database for something that it always has; raises what is wrong with it."""
    await db.scalar(select(1))


async def database_now(db: Connection) -> datetime:
    """The database's clock, which leases are measured by."""
    if db.dialect.name == "sqlite":
        return datetime.now(UTC)  # SQLite runs in our process, and has our clock
    moment: datetime = await db.scalar(select(func.clock_timestamp()))  # type: ignore[assignment]
    return moment
