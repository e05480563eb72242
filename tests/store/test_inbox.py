"""An inbox against a model of itself, through a long row of seeded changes."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from store import inbox
from store.engine import Connection, Database
from store.inbox import Notification
from tests.store.rows import MINUTE, NOW, note

USERS = ("asha", "ben")
FLAGS = ("read_at", "archived_at", "snoozed_until")


# The contract's words: `all` holds neither archived nor snoozed, `unread` excludes both.
KEPT: dict[str, Callable[[Notification], bool]] = {
    "all": lambda n: not (n.archived_at or n.snoozed_until),
    "unread": lambda n: not (n.archived_at or n.snoozed_until or n.read_at),
    "read": lambda n: not (n.archived_at or n.snoozed_until) and bool(n.read_at),
    "archived": lambda n: bool(n.archived_at),
    "snoozed": lambda n: bool(n.snoozed_until) and not n.archived_at,
}


@dataclass
class Model:
    """What should be in the inboxes, by notification id."""

    notes: dict[str, Notification]

    def of(self, user: str, status: str) -> list[Notification]:
        """What a list should hold, the newest first."""
        kept = KEPT[status]
        own = [n for n in self.notes.values() if n.user_id == user and n.listed and kept(n)]
        return sorted(own, key=lambda n: (n.created_at, n.id), reverse=True)


async def _act(db: Connection, model: Model, chance: random.Random, turn: int) -> None:
    """One change, to the database and to the model."""
    user = chance.choice(USERS)
    act = chance.choices(("add", "change", "read all"), (8, 16, 1))[0]
    at = NOW + turn * MINUTE
    if act == "add":
        # Several share an instant, so that the order among them matters.
        created = NOW + chance.randrange(4) * MINUTE
        category = chance.choice(("appointments", "system"))
        new = note(
            f"n{turn}", user_id=user, step_key=f"step-{turn}", created_at=created, category=category,
            listed=chance.random() < 0.9,
        )  # fmt: skip
        model.notes[new.id] = new
        await inbox.add(db, "acme", [new])
    elif act == "change":
        ids = chance.sample(sorted(model.notes), min(3, len(model.notes)))
        values = {flag: chance.choice((at, None)) for flag in chance.sample(FLAGS, chance.randint(1, 3))}
        mine = [id_ for id_ in ids if model.notes[id_].user_id == user and model.notes[id_].listed]
        assert await inbox.change(db, "acme", user, ids, **values) == len(mine)
        for id_ in mine:
            model.notes[id_] = replace(model.notes[id_], **values)  # type: ignore[arg-type]
    else:
        only = chance.choice((None, "system"))
        unread = [n for n in model.of(user, "unread") if only in (None, n.category)]
        assert await inbox.mark_all_read(db, "acme", user, only, at) == len(unread)
        model.notes |= {n.id: replace(n, read_at=at) for n in unread}


async def _listed(db: Connection, user: str, status: str) -> list[Notification]:
    """All pages of two."""
    found: list[Notification] = []
    while True:
        before = (found[-1].created_at, found[-1].id) if found else None
        page = await inbox.page(db, "acme", user, status=status, before=before, limit=2)
        found += page
        if len(page) < 2:
            return found


@pytest.mark.parametrize("seed", range(2))
async def test_lists_and_counts_are_what_the_changes_add_up_to(database: Database, seed: int) -> None:
    """After every change the unread count is the length of the unread list; each list is the model's, in order."""
    chance, model, met = random.Random(seed), Model({}), set[tuple[bool, ...]]()
    async with database.write() as db:
        for turn in range(100):
            await _act(db, model, chance, turn)
            met |= {tuple(getattr(n, flag) is not None for flag in FLAGS) for n in model.notes.values() if n.listed}
            for user, count in (await inbox.unread(db, "acme", USERS)).items():
                assert count == len(model.of(user, "unread")) == len(await _listed(db, user, "unread"))
        for user in USERS:
            for status in inbox.STATUSES:
                assert await _listed(db, user, status) == model.of(user, status)
    assert len(met) == 2 ** len(FLAGS), "every combination of flags was met"


async def test_what_is_not_listed_is_in_no_inbox(database: Database) -> None:
    """It is kept for the other channels only: no list, no count, no single look, no change reaches it."""
    async with database.write() as db:
        await inbox.add(db, "acme", [note(listed=False)])
        assert await _listed(db, "asha", "all") == []
        assert await inbox.unread(db, "acme", ["asha"]) == {"asha": 0}
        assert await inbox.get(db, "acme", "asha", ["n1"]) == []
        assert await inbox.change(db, "acme", "asha", ["n1"], read_at=NOW) == 0
        assert await inbox.of_step(db, "acme", "appointment", "42", note().step_key) == [note(listed=False)]


async def test_filters_narrow_a_list(database: Database) -> None:
    """By category, by type, by priority: each alone and together."""
    async with database.write() as db:
        kinds = [
            ("appointments", "appointment.reminder", "high"),
            ("appointments", "appointment.scheduled", "normal"),
        ]
        for number, (category, type_, priority) in enumerate(kinds):
            changes = {"category": category, "type": type_, "priority": priority, "step_key": f"{number}"}
            await inbox.add(db, "acme", [note(f"n{number}", **changes)])

        async def ids(**filters: str) -> list[str]:
            return [found.id for found in await inbox.page(db, "acme", "asha", **filters)]  # type: ignore[arg-type]

        assert await ids(category="appointments") == ["n1", "n0"]
        assert await ids(type_="appointment.reminder") == await ids(priority="high") == ["n0"]
        assert await ids(type_="appointment.reminder", priority="normal") == []
