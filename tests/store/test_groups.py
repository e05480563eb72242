"""Who belongs together: members of groups page by page, readers of a step, and the one event that speaks for all."""

import asyncio
import random

from sqlalchemy import insert, select

from store import dedupes, directory, inbox
from store.engine import Connection, Database
from store.tables import dedupes as claims
from store.tables import memberships
from tests.store.rows import KEY, MINUTE, NOW, another, note, ref
from tests.world import user

NAMES = [f"u{number:02}" for number in range(20)]


async def _all(db: Connection, names: list[str], limit: int) -> list[str]:
    """Every page of so many, one after the other."""
    found: list[str] = []
    while page := await directory.members(db, "acme", names, after=found[-1] if found else "", limit=limit):
        assert len(page) <= limit
        found += page
    return found


async def test_members_come_in_order_and_once_whatever_the_groups_and_pages(database: Database) -> None:
    """Any mix of groups, read in pages of any size, equals the union read naively from the users."""
    chance = random.Random(7)
    people = [
        user(name, roles=chance.sample(["admin", "sales"], chance.randrange(3)),
             teams=chance.sample(["north", "south", "sales"], chance.randrange(4)))
        for name in NAMES
    ]  # fmt: skip
    groups = {
        person.id: {f"role:{r}" for r in person.roles} | {f"team:{t}" for t in person.teams} for person in people
    }
    async with database.write() as db:
        await directory.put(db, "acme", people)
        for names in (["role:admin"], ["role:sales", "team:sales"], ["team:north", "role:admin", "team:south"]):
            wanted = [name for name in NAMES if groups[name] & set(names)]
            assert 0 < len(wanted) < len(NAMES)
            for limit in (1, 3, 100):
                assert await _all(db, names, limit) == wanted


async def test_who_is_in_both_of_two_groups_is_found_however_large_they_are(database: Database) -> None:
    """The one store manager of the hub comes last of more than a thousand of each."""
    async with database.write() as db:
        rows = [
            {"tenant": "acme", "name": name, "user_id": f"{name[:4]}-{number:04}"}
            for name in ("role:store_manager", "team:hub")
            for number in range(1001)
        ]
        await db.execute(insert(memberships), rows)
        await directory.put(db, "acme", [user("zoe", roles=["store_manager"], teams=["hub"])])
        assert await directory.members_of_both(db, "acme", "team:hub", "role:store_manager") == ["zoe"]


async def test_everyone_is_all_of_the_directory_whatever_is_named_besides(database: Database) -> None:
    """Also those without any group; nobody twice; and no group at all is nobody."""
    async with database.write() as db:
        await directory.put(db, "acme", [user(name, roles=["sales"]) for name in NAMES[:5]])
        await directory.put(db, "acme", [user(name) for name in NAMES[5:]])
        for limit in (1, 7, 100):
            assert await _all(db, ["everyone", "role:sales"], limit) == NAMES
        assert await directory.members(db, "acme", []) == []
        assert await directory.members(db, "acme", ["role:nobody"]) == []


async def test_a_user_is_in_exactly_the_groups_that_they_name(database: Database) -> None:
    """Groups that a newer version of the user no longer names are left, and erasing leaves all of them."""
    async with database.write() as db:
        for roles, teams in ((["admin", "sales"], ["north"]), (["sales"], ["south"]), ([], []), (["admin"], [])):
            await directory.put(db, "acme", [user("asha", roles=roles, teams=teams), user("ravi", roles=["admin"])])
            rows = select(memberships.c.name).where(memberships.c.user_id == "asha")
            found = set((await db.execute(rows)).scalars())
            assert found == {f"role:{name}" for name in roles} | {f"team:{name}" for name in teams}
        await directory.erase(db, "acme", "asha")
        assert await directory.members(db, "acme", ["role:admin"]) == ["ravi"]


async def test_of_many_who_claim_at_once_one_is_the_first_and_stays_it(database: Database) -> None:
    """From two processes, again and again: every answer names the same one, and only one row is there."""
    other = another(database)
    ids = [f"e{number}" for number in range(10)]

    async def claim(where: Database, id_: str) -> bool:
        async with where.write() as db:
            return await dedupes.claim(db, "acme", "inventory.low_stock", "fan", id_)

    async def everybody() -> list[str]:
        """Those who are told that they are the first."""
        asked = await asyncio.gather(*(claim((database, other)[number % 2], id_) for number, id_ in enumerate(ids)))
        return [id_ for id_, first in zip(ids, asked, strict=True) if first]

    winners = [await everybody() for _ in range(3)]
    await other.close()
    assert len(winners[0]) == 1
    assert winners == [winners[0]] * 3
    async with database.read() as db:
        assert list((await db.execute(select(claims.c.entity_id))).scalars()) == winners[0]


async def test_another_type_or_key_is_claimed_by_itself(database: Database) -> None:
    """The key counts within its type."""
    async with database.write() as db:
        assert await dedupes.claim(db, "acme", "custom", "fan", "e1")
        assert not await dedupes.claim(db, "acme", "custom", "fan", "e2")
        assert await dedupes.claim(db, "acme", "custom", "lamp", "e2")
        assert await dedupes.claim(db, "acme", "inventory.low_stock", "fan", "e2")


async def _tell(db: Connection) -> None:
    """Two steps of appointment 42, told to asha and ravi in part; another entity's; and one that is not listed."""
    notes = [
        note("n1"), note("n2", user_id="ravi"), note("n3", step_key="other"), note("n4", entity_id="43"),
        note("n5", user_id="lena", listed=False),
    ]  # fmt: skip
    await inbox.add(db, "acme", notes)
    await inbox.bump(db, "acme", ["asha", "ravi"])


async def test_readers_are_those_who_were_written_to(database: Database) -> None:
    """Of these steps of this entity, listed or not, each once and in order; of no step, nobody."""
    async with database.write() as db:
        await _tell(db)
        assert await inbox.readers(db, ref(), [KEY]) == ["asha", "lena", "ravi"]
        assert await inbox.readers(db, ref(), [KEY, "other"]) == ["asha", "lena", "ravi"]
        assert await inbox.readers(db, ref(), ["other"]) == ["asha"]
        assert await inbox.readers(db, ref(), []) == []
        for user_id, keys, expected in (
            ("ravi", [KEY], True), ("ravi", ["other"], False), ("ravi", ["other", KEY], True), ("olga", [KEY], False),
            ("asha", [], False),
        ):  # fmt: skip
            assert await inbox.has_any(db, ref(), keys, user_id) is expected


async def test_an_acknowledgement_marks_what_tells_of_its_steps_once(database: Database) -> None:
    """Each with its inbox's count and new version; the second time nothing is left, and the first instant stays."""
    async with database.write() as db:
        await _tell(db)
        marked = await inbox.acknowledge(db, ref(), [KEY], NOW + MINUTE)
        assert [(found.id, found.acknowledged_at, unread, version) for found, unread, version in marked] == [
            ("n1", NOW + MINUTE, 3, 2), ("n2", NOW + MINUTE, 1, 2),
        ]  # fmt: skip
        assert await inbox.acknowledge(db, ref(), [KEY], NOW + 2 * MINUTE) == []
        assert [await inbox.version(db, "acme", name) for name in ("asha", "ravi", "lena")] == [2, 2, 0]
        left = {found.id: found.acknowledged_at for found in await inbox.page(db, "acme", "asha")}
        assert left == {"n1": NOW + MINUTE, "n3": None, "n4": None}


async def test_two_marked_notifications_of_one_inbox_have_a_version_each(database: Database) -> None:
    """Each is a frame of its own, and a client takes no second frame of a version that it has."""
    async with database.write() as db:
        await _tell(db)
        marked = await inbox.acknowledge(db, ref(), [KEY, "other"], NOW)
        assert [(found.id, version) for found, _, version in marked] == [("n1", 2), ("n3", 3), ("n2", 2)]
