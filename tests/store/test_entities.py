"""Entities, their steps, and who may see them."""

import asyncio

import pytest

from store import directory, entities
from store.engine import Database
from tests.store.rows import KEY, MINUTE, NOW, entry, record, ref
from tests.world import user

CHART = {"asha": "ravi", "ben": "ravi", "ravi": "lena", "tom": "lena", "lena": None, "olga": None}


async def _company(database: Database, chart: dict[str, str | None]) -> None:
    """A directory by that chart, and an entity assigned to each person, whose id it bears."""
    async with database.write() as db:
        await directory.put(db, "acme", [user(id_, manager_id=above) for id_, above in chart.items()])
        for id_ in chart:
            await entities.save(
                db, ref(id_), record(), state="open", due_at=None, next_step_at=None, now=NOW
            )  # fmt: skip
            await entities.assign(db, ref(id_), [id_])


async def _reach(database: Database, user_id: str) -> set[str]:
    async with database.read() as db:
        page = await entities.page(db, "acme", within_reach_of=user_id)
        everyone = await entities.page(db, "acme")
        single = {found.id for found in everyone if await entities.is_within_reach(db, ref(found.id), user_id)}
    assert {found.id for found in page} == single
    return single


@pytest.mark.parametrize(
    ("who", "reach"),
    [
        ("asha", {"asha"}),
        ("ravi", {"ravi", "asha", "ben"}),
        ("lena", {"lena", "ravi", "tom", "asha", "ben"}),
        ("olga", {"olga"}),
        ("nobody", set()),
    ],
)
async def test_reach_is_ones_own_and_what_is_below(database: Database, who: str, reach: set[str]) -> None:
    """Through all levels down, never up and never sideways; the list and the single question agree."""
    await _company(database, CHART)
    assert await _reach(database, who) == reach


async def test_managers_in_a_circle_end(database: Database) -> None:
    """Two who manage each other, by whatever mishap, see both; nothing goes round for ever."""
    await _company(database, {"asha": "ravi", "ravi": "lena", "lena": "ravi", "olga": "olga"})
    async with asyncio.timeout(10):
        assert await _reach(database, "lena") == {"asha", "ravi", "lena"}
        assert await _reach(database, "olga") == {"olga"}


async def test_one_who_is_not_in_the_directory_sees_what_is_assigned_to_them(database: Database) -> None:
    """Unknown assignees are accepted, so they may ask."""
    await _company(database, CHART)
    async with database.write() as db:
        await entities.assign(db, ref("asha"), ["ghost"])
    assert await _reach(database, "ghost") == {"asha"}
    assert await _reach(database, "asha") == set()


async def test_pages_add_up_to_the_whole(database: Database) -> None:
    """Page after page, everything once and in order; filters hold on every page."""
    await _company(database, {f"u{number:02}": None for number in range(7)})
    found: list[str] = []
    async with database.read() as db:
        while page := await entities.page(
            db, "acme", kind="appointment", state="open", limit=3,
            after=("appointment", found[-1]) if found else None,
        ):  # fmt: skip
            found += [entity.id for entity in page]
        assert await entities.page(db, "acme", state="closed") == []
        assert [entity.id for entity in await entities.page(db, "acme", assignee="u03")] == ["u03"]
    assert found == [f"u{number:02}" for number in range(7)]


async def test_the_next_step_is_the_first_one_still_planned(database: Database) -> None:
    """As steps are settled and reopened, the entity's next instant follows."""
    async with database.write() as db:
        await entities.save(db, ref(), record(), state="open", due_at=None, next_step_at=None, now=NOW)
        await entities.add_entries(db, ref(), [entry("a"), entry("b", outcome="skipped", reason="past")], NOW)

        async def next_step() -> object:
            await entities.advance(db, ref(), "open")
            found = await entities.load(db, ref())
            assert found is not None
            return found.next_step_at

        assert await next_step() == NOW
        await entities.settle(db, ref(), "a", "sent", None, NOW + MINUTE)
        assert await next_step() is None
        await entities.settle(db, ref(), "b", "planned", None, NOW + MINUTE)
        assert await next_step() == NOW


async def test_a_step_keeps_the_instant_of_its_outcome(database: Database) -> None:
    """Planned has none; a decision has the instant it was taken; reopened has none again."""
    async with database.write() as db:
        await entities.add_entries(db, ref(), [entry()], NOW)
        instants = []
        for outcome in (None, "superseded", "planned"):
            if outcome:
                await entities.settle(db, ref(), KEY, outcome, None, NOW + MINUTE)
            found = await entities.entry(db, ref(), KEY)
            assert found is not None
            instants.append(found.at)
    assert instants == [None, NOW + MINUTE, None]


async def test_an_instant_without_a_zone_is_refused(database: Database) -> None:
    """A naive time is a mistake, found before it is stored."""
    with pytest.raises(Exception, match="naive"):
        async with database.write() as db:
            await entities.save(
                db, ref(), record(), state="open", due_at=NOW.replace(tzinfo=None), next_step_at=None, now=NOW
            )  # fmt: skip


async def test_steps_are_found_by_what_their_keys_begin_with(database: Database) -> None:
    """Nothing in the beginning is a pattern."""
    async with database.write() as db:
        await entities.add_entries(db, ref(), [entry(key) for key in ("a_b", "a_b-level-1", "axb", "ab")], NOW)
        found = [told.step.key for told in await entities.entries_beginning(db, ref(), "a_b")]
        assert found == ["a_b", "a_b-level-1"]
