"""Policies by version: what was written stays, and entities follow the one that they began with or were moved to."""

import asyncio

from punctual.policy import Policy
from punctual.protocol import Ref
from punctual.registry import ENTITIES
from store import entities, policies
from store.engine import Connection, Database
from store.policies import Versioned
from tests.store.rows import NOW, another, record

FIRST, SECOND = Policy(overdue_after="PT1M"), Policy(overdue_after="PT2M")


async def test_without_one_the_kind_s_default_is_version_0(database: Database) -> None:
    """It is current, and what version 0 and every unknown version mean."""
    async with database.write() as db:
        for name, kind in ENTITIES.items():
            assert await policies.current(db, "acme", name) == Versioned(0, kind.default_policy)
            for version in (0, 7):
                assert await policies.of_version(db, "acme", name, version) == kind.default_policy


async def test_every_version_is_kept(database: Database) -> None:
    """The newest is current; older ones answer as they were, the default too; other kinds have their own count."""
    async with database.write() as db:
        assert await policies.put(db, "acme", "task", FIRST, NOW) == 1
        assert await policies.put(db, "acme", "task", SECOND, NOW) == 2
        assert await policies.put(db, "acme", "ticket", FIRST, NOW) == 1
        assert await policies.current(db, "acme", "task") == Versioned(2, SECOND)
        assert await policies.current(db, "acme", "ticket") == Versioned(1, FIRST)
        found = [await policies.of_version(db, "acme", "task", version) for version in range(3)]
    assert found == [ENTITIES["task"].default_policy, FIRST, SECOND]


async def test_two_who_write_at_once_write_two_versions(database: Database) -> None:
    """Neither is lost, and the later one is current."""
    other = another(database)
    written = {f"PT{number}M": Policy(overdue_after=f"PT{number}M") for number in range(1, 9)}

    async def put(where: Database, policy: Policy) -> int:
        async with where.write() as db:
            return await policies.put(db, "acme", "task", policy, NOW)

    versions = await asyncio.gather(
        *(put((database, other)[number % 2], policy) for number, policy in enumerate(written.values()))
    )
    await other.close()
    assert sorted(versions) == list(range(1, 9))
    async with database.read() as db:
        kept = {version: await policies.of_version(db, "acme", "task", version) for version in versions}
        assert kept == dict(zip(versions, written.values(), strict=True))
        assert await policies.current(db, "acme", "task") == Versioned(8, kept[8])


async def test_open_entities_of_the_kind_are_moved_to_a_version(database: Database) -> None:
    """What has ended keeps the version that it ended under, and so does every other kind."""
    begun = {("task", "1"): "open", ("task", "2"): "escalated", ("task", "3"): "closed", ("ticket", "1"): "open"}
    async with database.write() as db:
        for (kind, id_), state in begun.items():
            await _save(db, kind, id_, state)
        await policies.follow(db, "acme", "task", 2)
        assert [await _followed(db, *ref) for ref in begun] == [2, 2, 1, 1]


async def _save(db: Connection, kind: str, id_: str, state: str) -> None:
    ref = Ref(tenant="acme", kind=kind, id=id_)
    await entities.save(db, ref, record(), state=state, due_at=None, next_step_at=None, now=NOW, policy_version=1)


async def _followed(db: Connection, kind: str, id_: str) -> int:
    found = await entities.load(db, Ref(tenant="acme", kind=kind, id=id_))
    assert found is not None
    return found.policy_version
