"""How a database means to run what a function of the store asks it."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import event

from store.engine import Connection


async def plans(db: Connection, call: Callable[[Connection], Awaitable[Any]]) -> list[str]:
    """The plan of each statement that `call` runs, in order, as text."""
    asked: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        asked.append((statement, parameters))

    event.listen(db.sync_connection, "before_cursor_execute", note)
    try:
        await call(db)
    finally:
        event.remove(db.sync_connection, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN" if db.dialect.name == "sqlite" else "EXPLAIN (COSTS OFF)"
    found = [(await db.exec_driver_sql(f"{explain} {sql}", values)).all() for sql, values in asked]
    return ["\n".join(str(row[-1]) for row in rows) for rows in found]
