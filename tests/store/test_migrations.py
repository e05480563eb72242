"""The migrations and the tables say the same."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from store import policies
from store.engine import Database
from store.migrate import alembic_config, migrate
from store.tables import metadata
from tests.store.fresh import new_database

Make = Callable[[], Awaitable[Database]]


@pytest.fixture(params=["sqlite", "postgresql"])
async def make(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Make]:
    """Makes databases with nothing in them."""
    made: list[Database] = []

    async def make() -> Database:
        name = f"empty-{uuid.uuid4().hex}"
        url = f"sqlite+aiosqlite:///{tmp_path}/{name}.db"
        if request.param == "postgresql":
            url = await new_database(request.getfixturevalue("postgres"), name)
        made.append(Database(url))
        return made[-1]

    yield make
    for database in made:
        await database.close()


@pytest.fixture
async def empty(make: Make) -> Database:
    return await make()


async def _ask(database: Database, question: Callable[[Connection], Any]) -> Any:
    async with database.read() as db:
        return await db.run_sync(question)


def _described(connection: Connection) -> dict[str, Any]:
    """Columns, keys and indexes (their conditions too) of every table of ours."""
    look = inspect(connection)
    return {
        table: {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"]) for column in look.get_columns(table)
            },
            "key": look.get_pk_constraint(table),
            "unique": sorted(look.get_unique_constraints(table), key=str),
            "indexes": {index["name"]: _plain(index) for index in look.get_indexes(table)},
        }
        for table in metadata.tables
    }  # fmt: skip


def _plain(index: Any) -> dict[str, Any]:
    """The index with its condition as text."""
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return {**index, "dialect_options": options}


def _differences(connection: Connection) -> list[Any]:
    # SQLite's full-text index is no table that SQLAlchemy could compare.
    ours = {"include_name": lambda name, type_, _: type_ != "table" or not name.startswith("notification_words")}
    options = {"compare_type": True, "compare_server_default": True, **ours}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


async def test_the_migrations_add_up_to_the_tables(make: Make) -> None:
    """Alembic finds nothing to do after them, and the database describes itself as one made from the tables."""
    migrated, reference = await make(), await make()
    await migrate(migrated)
    async with reference.write() as db:
        await db.run_sync(metadata.create_all)
    assert await _ask(migrated, _differences) == []
    assert await _ask(migrated, _described) == await _ask(reference, _described)


async def test_a_second_run_changes_nothing(empty: Database) -> None:
    """Every start migrates; what is already there stays as it is, rows included."""
    await migrate(empty)
    before = await _ask(empty, _described)
    async with empty.write() as db:
        await db.execute(text("INSERT INTO inboxes (tenant, user_id, version) VALUES ('acme', 'asha', 7)"))
    await migrate(empty)
    assert await _ask(empty, _described) == before
    async with empty.read() as db:
        assert (await db.execute(text("SELECT version FROM inboxes"))).scalars().all() == [7]


async def test_a_migration_that_fails_leaves_nothing_behind(empty: Database) -> None:
    """All migrations are one transaction: after a failure the next run begins where this one did."""
    async with empty.write() as db:
        await db.execute(text("CREATE TABLE users (in_the_way INTEGER)"))
    with pytest.raises(Exception, match="users"):
        await migrate(empty)
    assert await _ask(empty, lambda connection: inspect(connection).get_table_names()) == ["users"]
    async with empty.write() as db:
        await db.execute(text("DROP TABLE users"))
    await migrate(empty)
    assert await _ask(empty, _differences) == []


async def test_policies_are_carried_over_and_stay_where_the_release_before_reads_them(empty: Database) -> None:
    """Old and new code both run while an installation is being brought up to date."""
    async with empty.write() as db:
        await db.run_sync(lambda connection: command.upgrade(alembic_config(connection), "0001"))
        columns = "(tenant, kind, body, updated_at) VALUES ('acme', 'task', '{}', '2026-11-20 09:00:00')"
        await db.execute(text(f"INSERT INTO policies {columns}"))
    await migrate(empty)
    async with empty.read() as db:
        assert (await policies.current(db, "acme", "task")).version == 1
        assert await db.scalar(text("SELECT kind FROM policies WHERE tenant = 'acme'")) == "task"


def test_there_is_one_head() -> None:
    """Two heads would leave open which schema is the present one."""
    assert len(ScriptDirectory.from_config(alembic_config()).get_heads()) == 1
