"""Bare Temporal: a timer and then one or four activities that each write a row. What our pipeline is held against."""

import asyncio
from datetime import datetime, timedelta

from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    from sqlalchemy import text

    from store.engine import Database


@workflow.defn(sandboxed=False)
class Raw:
    """Sleeps until `due`, then runs `count` activities at once."""

    @workflow.run
    async def run(self, due: datetime, count: int) -> None:
        await workflow.sleep(max(due - workflow.now(), timedelta(0)))
        await asyncio.gather(
            *(
                workflow.execute_activity("raw_row", number, start_to_close_timeout=timedelta(seconds=5))
                for number in range(count)
            )
        )


class Rows:
    """The activity: one insert."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def prepare(self) -> None:
        async with self.database.write() as db:
            await db.execute(text("CREATE TABLE raw (workflow TEXT, number INTEGER, PRIMARY KEY (workflow, number))"))

    @activity.defn(name="raw_row")
    async def row(self, number: int) -> None:
        async with self.database.write() as db:
            insert = text("INSERT INTO raw VALUES (:workflow, :number) ON CONFLICT DO NOTHING")
            await db.execute(insert, {"workflow": activity.info().workflow_id, "number": number})

    async def count(self) -> int:
        async with self.database.read() as db:
            return int((await db.execute(text("SELECT count(*) FROM raw"))).scalar_one())
