"""A request under a key that was used within a day is known again."""

import asyncio

from store import idempotency
from store.engine import Database
from store.idempotency import KEPT, Before
from tests.store.rows import MINUTE, NOW, another


async def test_of_requests_that_meet_one_is_the_first_and_the_others_have_its_answer(database: Database) -> None:
    """From another process too; a day later the key is free again."""
    other = another(database)

    async def ask(where: Database) -> Before | None:
        async with where.write() as db:
            before = await idempotency.begin(db, "acme", "key", "request", NOW)
            if before is None:
                await asyncio.sleep(0)
                await idempotency.end(db, "acme", "key", {"answer": 1})
            return before

    found = await asyncio.gather(*(ask(where) for where in (database, other) for _ in range(3)))
    assert sorted(found, key=bool) == [None] + [Before("request", {"answer": 1})] * 5
    async with other.write() as db:
        assert await idempotency.begin(db, "acme", "key", "another", NOW + KEPT - MINUTE) is not None
        assert await idempotency.begin(db, "acme", "key", "another", NOW + KEPT) is None
    await other.close()
