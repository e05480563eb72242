"""Many writers at once: nothing lost, nothing twice. Half of them come from another process, as far as locks go."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from store import directory, entities, inbox, inbox_changes, ledger
from store.engine import Database
from tests.eventually import eventually
from tests.store.rows import KEY, MINUTE, NOW, another, delivery, note, record, ref
from tests.world import user


@pytest.fixture
async def both(database: Database) -> AsyncIterator[list[Database]]:
    """The database, and the same from another process."""
    other = another(database)
    yield [database, other]
    await other.close()


async def test_concurrent_changes_of_an_entity_lose_no_update(both: list[Database]) -> None:
    """200 transactions that read a number and write the next one end at 200."""

    async def write(database: Database, number: int | None = None) -> None:
        async with database.write() as db:
            found = await entities.load(db, ref(), lock=True)
            count = 0 if number == 0 else found.snapshot["count"] + 1  # type: ignore[union-attr, index]
            await entities.save(
                db, ref(), record(count=count), state="open", due_at=None, next_step_at=None, now=NOW
            )  # fmt: skip

    await write(both[0], 0)
    await asyncio.gather(*(write(both[turn % 2]) for turn in range(200)))
    async with both[0].read() as db:
        found = await entities.load(db, ref())
    assert found is not None and found.snapshot == {"count": 200}


async def test_every_writer_of_an_inbox_gets_a_version_of_its_own(both: list[Database]) -> None:
    """100 writers at once get 1 to 100, each once."""

    async def bump(database: Database) -> int:
        async with database.write() as db:
            return (await inbox.bump(db, "acme", ["asha"]))["asha"]

    versions = await asyncio.gather(*(bump(both[turn % 2]) for turn in range(100)))
    assert sorted(versions) == list(range(1, 101))


async def test_writers_of_the_same_inboxes_never_wait_in_a_circle(both: list[Database]) -> None:
    """Whatever order the users are named in, all writers come through."""

    async def bump(database: Database, users: list[str]) -> None:
        async with database.write() as db:
            await inbox.bump(db, "acme", users)

    users = [f"u{number}" for number in range(10)]
    await asyncio.gather(*(bump(both[turn % 2], users[turn % 10 :] + users[: turn % 10]) for turn in range(40)))
    async with both[0].read() as db:
        assert {await inbox.version(db, "acme", user) for user in users} == {40}


@pytest.mark.parametrize("same_id", [True, False])
async def test_a_step_is_written_for_a_person_once(both: list[Database], same_id: bool) -> None:
    """Writers that race with the same step leave one notification and one delivery, whatever ids they bring."""

    async def write(database: Database, turn: int) -> None:
        suffix = "" if same_id else str(turn)
        async with database.write() as db:
            await inbox.add(db, "acme", [note(f"n{suffix}")])
            await ledger.add(db, ref(), [delivery(f"d{suffix}")])

    await asyncio.gather(*(write(both[turn % 2], turn) for turn in range(20)))
    async with both[0].read() as db:
        assert len(await inbox.of_step(db, "acme", "appointment", "42", KEY)) == 1
        assert len(await ledger.of_entity(db, ref())) == 1
        assert await inbox.unread(db, "acme", ["asha"]) == {"asha": 1}


async def test_a_read_sees_one_state(both: list[Database]) -> None:
    """What somebody commits while a reader reads is not half in what it sees."""
    async with both[0].read() as db:
        assert await inbox.version(db, "acme", "asha") == 0
        async with both[1].write() as other:
            await inbox.add(other, "acme", [note()])
            await inbox.bump(other, "acme", ["asha"])
        assert await inbox.page(db, "acme", "asha") == []
        assert await inbox.version(db, "acme", "asha") == 0
    async with both[0].read() as db:
        assert len(await inbox.page(db, "acme", "asha")) == await inbox.version(db, "acme", "asha") == 1


async def _change_at_random(database: Database, chance: random.Random, writer: int) -> None:
    """One of all the changes that there are of an inbox."""
    act = chance.choice(("add", "add", "read", "unread", "archive", "snooze", "delete", "all", "delete read", "time"))
    async with database.write() as db:
        if act == "add":
            expires = NOW + MINUTE if chance.random() < 0.3 else None
            name = f"{writer}-{chance.getrandbits(64)}"
            await inbox.add(db, "acme", [note(name, step_key=name, expires_at=expires)])
            await inbox.bump(db, "acme", ["asha"])
            return
        if act == "time":
            await inbox_changes.end(db, NOW + MINUTE, limit=3)
            return
        await inbox.lock(db, "acme", ["asha"])
        there = [found.id for found in await inbox.page(db, "acme", "asha")]
        ids = chance.sample(there, min(5, len(there)))
        if act == "snooze":
            changed = await inbox.change(db, "acme", "asha", ids, snoozed_until=NOW + MINUTE)
        elif act == "delete":
            changed = await inbox_changes.remove(db, "acme", "asha", ids)
        elif act == "all":
            changed = await inbox_changes.mark_all_read(db, "acme", "asha", None, NOW)
        elif act == "delete read":
            changed = await inbox_changes.remove_read(db, "acme", "asha")
        else:
            changed = await inbox_changes.act(db, "acme", "asha", ids, act, NOW)  # type: ignore[arg-type]
        if changed:
            await inbox.bump(db, "acme", ["asha"])


async def test_the_count_is_the_list_at_any_time(both: list[Database]) -> None:
    """While four write all there is to write, readers find count and list equal, and each version says one thing."""
    seen: dict[int, list[str]] = {}
    busy = [True]

    async def write(writer: int) -> None:
        chance = random.Random(writer)
        for _ in range(40):
            await _change_at_random(both[writer % 2], chance, writer)

    async def read(database: Database) -> int:
        last = reads = 0
        while busy or reads == 0:
            async with database.read() as db:
                version = await inbox.version(db, "acme", "asha")
                count = (await inbox.unread(db, "acme", ["asha"]))["asha"]
                ids = [found.id for found in await inbox.page(db, "acme", "asha", status="unread", limit=1000)]
                found = {
                    one.id for one in await inbox.page(db, "acme", "asha", status="unread", q="visit", limit=1000)
                }
                assert await inbox.version(db, "acme", "asha") == version >= last
            assert count == len(ids)
            assert found == set(ids)
            assert seen.setdefault(version, ids) == ids
            last = version
            reads += 1
        return reads

    readers = [asyncio.create_task(read(database)) for database in both]
    try:
        await asyncio.gather(*map(write, range(4)))
    finally:
        busy.clear()
    assert min(await asyncio.gather(*readers)) > 1
    assert len(seen) > 10


async def test_an_inbox_is_locked_before_anything_is_in_it(both: list[Database]) -> None:
    """Its first notification may come between a lock that finds nothing and what is done under it."""
    order: list[str] = []

    async def other() -> None:
        async with both[1].write() as db:
            await inbox.lock(db, "acme", ["asha"])
            order.append("second")

    async with both[0].write() as db:
        await inbox.lock(db, "acme", ["asha"])
        waiting = asyncio.create_task(other())
        await asyncio.wait([waiting], timeout=0.3)
        order.append("first")
    await waiting
    assert order == ["first", "second"]


async def test_what_fails_leaves_nothing(database: Database) -> None:
    """An error inside the block undoes the whole transaction."""
    with pytest.raises(LookupError):
        async with database.write() as db:
            await inbox.add(db, "acme", [note()])
            raise LookupError
    async with database.read() as db:
        assert await inbox.page(db, "acme", "asha") == []


async def test_users_are_locked_in_one_order_whatever_order_they_come_in(postgresql: Database) -> None:
    """Somebody who writes z before a meets somebody who reads a before z, and both come through."""
    async with postgresql.write() as db:
        await directory.put(db, "acme", [user("asha"), user("ben")])

    async def put() -> None:
        async with postgresql.write() as db:
            await directory.put(db, "acme", [user("ben", name="B"), user("asha", name="A")])

    async def waits() -> bool:
        async with postgresql.read() as db:
            waiting = "wait_event_type = 'Lock' AND datname = current_database()"
            return bool(await db.scalar(text(f"SELECT count(*) FROM pg_stat_activity WHERE {waiting}")))

    async with postgresql.write() as db:
        await directory.get(db, "acme", ["asha"], keep=True)
        writer = asyncio.create_task(put())
        await eventually(waits)
        await directory.get(db, "acme", ["asha", "ben"], keep=True)
    await writer
    async with postgresql.read() as db:
        assert {each.name for each in (await directory.get(db, "acme", ["asha", "ben"])).values()} == {"A", "B"}
