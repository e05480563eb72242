"""A table of notifications of any size, in which one user, `asha` of `acme`, has always the same 500."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import text

from store import search
from store.engine import Connection, Database

TENANT, USER, OWN = "acme", "asha", 500
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
RARE, COMMON, TWO, PREFIX = "zeppelin", "reminder", "reminder zeppelin", "re"
_CHUNK = 20_000
_PER_USER = 200
_TENANTS = 5
_COLUMNS = (
    "tenant", "id", "user_id", "kind", "entity_id", "step_key", "type", "category", "priority", "title", "message",
    "actions", "metadata", "listed", "created_at", "read_at", "archived_at", "snoozed_until", "expires_at",
)  # fmt: skip


async def fill(database: Database, rows: int) -> None:
    """Writes so many notifications, of them 500 of one user spread among all others, and makes the statistics."""
    chance = random.Random(7)
    vocabulary = [f"{chance.choice('abcdefghijklmnoprstuvw')}{chance.randrange(16**6):x}" for _ in range(20_000)]
    step = max(rows // OWN, 1)
    made = (_row(chance, vocabulary, number, step, rows) for number in range(rows))
    while chunk := list(islice(made, _CHUNK)):
        async with database.write() as db:
            await (_into_sqlite if database.is_sqlite else _into_postgresql)(db, chunk)
    async with database.write() as db:
        owners = "SELECT DISTINCT tenant, user_id, 1 FROM notifications"
        await db.execute(text(f"INSERT INTO inboxes (tenant, user_id, version) {owners}"))
        if database.is_sqlite:
            await db.execute(text("ANALYZE"))
    if not database.is_sqlite:
        async with database.engine.connect() as connection:
            db = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await db.execute(text("VACUUM ANALYZE"))


def _row(chance: random.Random, vocabulary: list[str], number: int, step: int, rows: int) -> dict[str, Any]:
    own, is_own = divmod(number, step)[0], number % step == 0 and number // step < OWN
    user = random.Random(number).randrange(max(rows // _PER_USER, 2))
    words = chance.choices(vocabulary, k=12)
    # Every one is a reminder; of the user's own as of all others, one in a hundred is about a zeppelin.
    about = RARE if (own if is_own else number) % 100 == 7 else "visit"
    created = NOW - timedelta(minutes=number if is_own else chance.randrange(rows))
    kind = chance.random()
    return {
        "tenant": TENANT if is_own else f"tenant-{user % _TENANTS}" if user % _TENANTS else TENANT,
        "id": f"{chance.getrandbits(128):032x}", "user_id": USER if is_own else f"user-{user}",
        "kind": "appointment", "entity_id": f"{number}", "step_key": "reminder", "type": "appointment.reminder",
        "category": "appointments", "priority": "high", "title": f"{COMMON.title()}: {about} {words[0]}",
        "message": " ".join(words[1:]), "actions": [], "metadata": {}, "listed": True, "created_at": created,
        "read_at": NOW if kind < 0.6 else None, "archived_at": NOW if kind < 0.1 else None,
        "snoozed_until": NOW + timedelta(days=400) if kind > 0.97 else None,
        "expires_at": NOW + timedelta(days=500) if chance.random() < 0.3 else None,
    }  # fmt: skip


async def _into_sqlite(db: Connection, rows: list[dict[str, Any]]) -> None:
    marks = ", ".join("?" * len(_COLUMNS))
    await db.exec_driver_sql(
        f"INSERT INTO notifications ({', '.join(_COLUMNS)}) VALUES ({marks})",
        [tuple(_plain(row[name]) for name in _COLUMNS) for row in rows],
    )
    entries = [search.entry(row["tenant"], row["user_id"], row["id"], _text(row)) for row in rows]
    entries.sort(key=lambda entry: entry["rowid"])
    await db.exec_driver_sql(
        "INSERT INTO notification_words (rowid, words, id) VALUES (?, ?, ?)",
        [(entry["rowid"], entry["words"], entry["id"]) for entry in entries],
    )


def _plain(value: Any) -> Any:
    """As SQLAlchemy writes it."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ", "microseconds")
    return json.dumps(value) if isinstance(value, (list, dict)) else value


async def _into_postgresql(db: Connection, rows: list[dict[str, Any]]) -> None:
    driver: Any = (await db.get_raw_connection()).driver_connection
    columns = f"{', '.join(_COLUMNS)}, words"
    async with driver.cursor() as cursor, cursor.copy(f"COPY notifications ({columns}) FROM STDIN") as copy:
        for row in rows:
            await copy.write_row([*_copied(row), " ".join(f"'{token}'" for token in search.tokens(_text(row)))])


def _copied(row: dict[str, Any]) -> Iterator[Any]:
    for name in _COLUMNS:
        yield json.dumps(row[name]) if isinstance(row[name], (list, dict)) else row[name]


def _text(row: dict[str, Any]) -> str:
    return search.text_of(row["title"], row["message"])
