"""An inbox against a model of itself, through a long row of seeded changes."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import pytest

from store import directory, inbox, inbox_changes
from store.engine import Connection, Database
from store.inbox import Notification
from tests.store.rows import MINUTE, NOW, note
from tests.world import user

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
BULK: dict[str, Callable[[Notification, datetime], Notification]] = {
    "read": lambda n, at: replace(n, read_at=n.read_at or at),
    "unread": lambda n, at: replace(n, read_at=None),
    "archive": lambda n, at: n if n.archived_at else replace(n, archived_at=at, snoozed_until=None),
    "unarchive": lambda n, at: replace(n, archived_at=None),
    "delete": lambda n, at: replace(n, listed=False, snoozed_until=None),
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

    def update(self, *changed: Notification) -> int:
        """Takes over what has changed; how many of them really did."""
        number = sum(self.notes[note.id] != note for note in changed)
        self.notes |= {note.id: note for note in changed}
        return number


async def _act(db: Connection, model: Model, chance: random.Random, turn: int) -> None:
    """One change, to the database and to the model."""
    user = chance.choice(USERS)
    acts = ("add", "change", "bulk", "time", "delete read", "read all")
    act = chance.choices(acts, (8, 20, 5, 2, 1, 1))[0]
    at = NOW + turn * MINUTE
    some = chance.sample(sorted(model.notes), min(3, len(model.notes)))
    mine = [model.notes[id_] for id_ in some if model.notes[id_].user_id == user and model.notes[id_].listed]
    if act == "add":
        # Several share an instant, so that the order among them matters.
        created = NOW + chance.randrange(4) * MINUTE
        new = note(
            f"n{turn}", user_id=user, step_key=f"step-{turn}", created_at=created,
            category=chance.choice(("appointments", "system")), listed=chance.random() < 0.9,
            expires_at=at + 20 * MINUTE if chance.random() < 0.3 else None,
        )  # fmt: skip
        model.notes[new.id] = new
        await inbox.add(db, "acme", [new])
        await inbox.bump(db, "acme", [user])
    elif act == "change":
        values = {flag: chance.choice((at, None)) for flag in chance.sample(FLAGS, chance.randint(1, 3))}
        assert await inbox.change(db, "acme", user, some, **values) == len(mine)
        model.update(*(replace(n, **values) for n in mine))  # type: ignore[arg-type]
    elif act == "bulk":
        action = chance.choice(sorted(BULK))
        if action == "delete":
            changed = await inbox_changes.remove(db, "acme", user, some)
        else:
            changed = await inbox_changes.act(db, "acme", user, some, action, at)  # type: ignore[arg-type]
        assert changed == model.update(*(BULK[action](n, at) for n in mine))
    elif act == "time":
        await _end(db, model, at)
    elif act == "delete read":
        read = model.of(user, "read")
        assert await inbox_changes.remove_read(db, "acme", user) == len(read)
        model.update(*(BULK["delete"](n, at) for n in read))
    else:
        only = chance.choice((None, "system"))
        unread = [n for n in model.of(user, "unread") if only in (None, n.category)]
        assert await inbox_changes.mark_all_read(db, "acme", user, only, at) == len(unread)
        model.update(*(replace(n, read_at=at) for n in unread))


async def _end(db: Connection, model: Model, now: datetime) -> None:
    """Lets time pass in all inboxes."""
    there = [n for n in model.notes.values() if n.listed]
    expired = [n for n in there if n.expires_at and n.expires_at <= now]
    woken = [n for n in there if n.snoozed_until and n.snoozed_until <= now and n not in expired]
    assert await inbox_changes.is_due(db, now) == bool(expired or woken)
    ended = await inbox_changes.end(db, now, limit=1000)
    assert {id_ for each in ended for id_ in each.expired} == {n.id for n in expired}
    awake = {n.id: replace(n, snoozed_until=None, read_at=None) for n in woken}
    assert {n.id: n for each in ended for n in each.woken} == awake
    model.update(*(BULK["delete"](n, now) for n in expired), *awake.values())


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
        for turn in range(150):
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


async def test_an_erased_user_s_inbox_goes_on_counting(database: Database) -> None:
    """No version comes again for another inbox, and nobody's is behind the one that was seen last."""
    async with database.write() as db:
        await directory.put(db, "acme", [user("asha"), user("ben")])
        for _ in range(3):
            await inbox.bump(db, "acme", USERS)
        assert await directory.erase(db, "acme", "asha")
        assert await inbox.versions(db, "acme", USERS) == {"asha": 4, "ben": 3}
        await directory.put(db, "acme", [user("asha")])
        assert await inbox.bump(db, "acme", ["asha"]) == {"asha": 5}
