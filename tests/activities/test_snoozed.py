"""What was pushed and snoozed is pushed once more when its snooze ends, or it is told why not: on both databases."""

from typing import Any

import pytest

from activities.rescue import Rescue
from store import directory, ledger, recalls
from store.engine import Database
from store.ledger import Delivery
from tests.activities.night import ASHA, QUIET, H, Night
from tests.store.rows import MINUTE, NOW, note, ref
from tests.world import user

UNTIL = NOW + H
DUE = recalls.due(UNTIL)
SENT = ("sent", None)


class Morning(Night):
    """A night whose channel is push."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, "web_push")

    async def pushed(self, id_: str) -> None:
        """Something that was pushed at nine."""
        await self.told(id_, outcome="sent")

    async def snooze(self, id_: str, until: Any = UNTIL) -> None:
        await self.change(id_, snoozed_until=until, read_at=NOW)
        async with self.database.write() as db:
            await recalls.snooze(db, "acme", note(id_, step_key=f"step-{id_}"), until, NOW)

    async def row(self, id_: str) -> Delivery:
        async with self.database.read() as db:
            return next(row for row in await ledger.of_entity(db, ref()) if row.id == f"d-{id_}")


@pytest.fixture
async def morning(database: Database) -> Morning:
    async with database.write() as db:
        await directory.put(db, "acme", [user("asha")])
    return Morning(database)


async def test_what_was_snoozed_is_pushed_once_more_in_its_own_words(morning: Morning) -> None:
    """Read before it was snoozed, and though no sweep has ended its snooze yet; not before its time, and once."""
    await morning.pushed("one")
    await morning.snooze("one")
    gathered = await morning.gather(UNTIL)
    assert (gathered.pending, gathered.next_at) == ([], DUE)
    assert await morning.end(DUE) == ["Title one"]
    row = await morning.row("one")
    assert (row.outcome, row.at, row.sent_at) == ("sent", DUE, NOW)
    assert await morning.end(DUE + H) == ["Title one"]


async def test_what_ends_with_the_quiet_comes_with_what_the_quiet_held_back(morning: Morning) -> None:
    """Whose snooze ends in the quiet waits for its end; then one summary says all."""
    await morning.choose(**QUIET)
    await morning.pushed("one")
    await morning.snooze("one")
    await morning.held("two", NOW + 8 * H)
    assert (await morning.end(DUE), await morning.fates()) == (
        [], dict.fromkeys(("d-one", "d-two"), ("deferred", "quiet_hours")),
    )  # fmt: skip
    assert await morning.end(NOW + 8 * H) == ["2 notifications from your quiet hours"]
    assert await morning.fates() == {"d-one": SENT, "d-two": SENT}


async def test_what_nobody_needs_any_more_is_again_what_it_was(morning: Morning) -> None:
    """Archived, acknowledged, deleted, expired, read since it woke, muted, or its user gone: sent, at nine."""
    awake = {"snoozed_until": None}
    meanwhile: dict[str, Any] = {
        "archived": {"archived_at": NOW, **awake}, "acknowledged": {"acknowledged_at": NOW},
        "deleted": {"listed": False, **awake}, "expired": {"expires_at": UNTIL}, "read": awake,
    }  # fmt: skip
    later = {"muted": UNTIL + H, "gone": UNTIL + 2 * H}
    for id_ in (*meanwhile, *later):
        await morning.pushed(id_)
        await morning.snooze(id_, later.get(id_, UNTIL))
        if id_ in meanwhile:
            await morning.change(id_, **meanwhile[id_])
    await morning.end(DUE)
    await morning.choose(channels={"web_push": False})
    await morning.end(DUE + H)
    async with morning.database.write() as db:
        await directory.put(db, "acme", [user("asha", active=False)])
    assert await morning.end(DUE + 2 * H) == []
    for id_ in (*meanwhile, *later):
        row = await morning.row(id_)
        assert (row.outcome, row.reason, row.at, row.sent_at) == ("sent", None, NOW, NOW), id_


@pytest.mark.parametrize("act", [{"listed": False}, {"snoozed_until": UNTIL + H}], ids=["deleted", "snoozed"])
async def test_a_summary_is_let_go_when_something_in_it_is_not_wanted_now(morning: Morning, act: Any) -> None:
    """The other thing comes by itself; what was snoozed once more comes later."""
    for id_ in ("one", "two"):
        await morning.pushed(id_)
        await morning.snooze(id_)
    gathered = await morning.gather(DUE)
    await morning.change("two", **act)
    await morning.deliver(DUE, ASHA, *(item.key for item in gathered.pending))
    assert await morning.end(DUE + MINUTE) == ["Title one"]
    later = [] if "listed" in act else ["Title two"]
    assert await morning.fates() == {"d-one": SENT, "d-two": ("deferred", "snoozed") if later else SENT}
    assert await morning.end(DUE + H) == ["Title one", *later]


async def test_what_is_snoozed_before_it_was_pushed_waits_for_the_snooze(morning: Morning) -> None:
    """Whether the push service was away or the quiet had held it back; read meanwhile it is not pushed at all."""
    await morning.told("away")
    await morning.held("quiet", NOW)
    await morning.held("read", NOW)
    for id_ in ("away", "quiet", "read"):
        await morning.change(id_, snoozed_until=UNTIL)
    await morning.deliver(NOW, ref(), "step-away")
    assert morning.looks.asked == [("acme/quiet_hours/asha", DUE.isoformat())]
    assert await morning.end(NOW) == []
    assert set((await morning.fates()).values()) == {("deferred", "snoozed")}
    await morning.change("read", read_at=NOW)
    assert await morning.end(DUE) == ["2 notifications from your quiet hours"]
    assert await morning.fates() == {"d-away": SENT, "d-quiet": SENT, "d-read": ("superseded", "stale")}


async def test_a_mail_does_not_wait_for_a_snooze(database: Database) -> None:
    """It says what it says, whenever it is read."""
    night = Night(database)
    async with database.write() as db:
        await directory.put(db, "acme", [user("asha")])
    await night.held("one", NOW)
    await night.told("two")
    for id_ in ("one", "two"):
        await night.change(id_, snoozed_until=UNTIL)
    await night.deliver(NOW, ref(), "step-two")
    assert await night.end(NOW) == ["Title two", "Title one"]


async def test_a_snooze_that_was_forgotten_is_found(morning: Morning) -> None:
    """Temporal was away when somebody snoozed."""
    await morning.pushed("one")
    await morning.snooze("one")
    late = DUE + 3 * MINUTE
    assert await Rescue(morning.database, morning.looks).once(late) == 1  # type: ignore[arg-type]
    assert morning.looks.asked == [("acme/quiet_hours/asha", late.isoformat())]


async def test_what_was_deleted_before_it_was_pushed_is_not(morning: Morning) -> None:
    """Unless one of several devices may have it, which the others are then told as well."""
    fates = {"untried": ("superseded", "stale"), "expired": ("expired", "expired"), "tried": SENT}
    for id_ in fates:
        await morning.told(id_, attempts=int(id_ == "tried"))
        await morning.change(id_, listed=False, expires_at=NOW if id_ == "expired" else None)
        await morning.deliver(NOW, ref(), f"step-{id_}")
    assert await morning.fates() == {f"d-{id_}": fate for id_, fate in fates.items()}


async def test_what_never_was_in_the_inbox_is_pushed(morning: Morning) -> None:
    """Its inbox is muted, or it is a push and nothing else."""
    for id_, outcome in (("muted", "withheld"), ("alone", None)):
        await morning.told(id_, in_inbox=outcome)
        await morning.change(id_, listed=False)
        await morning.deliver(NOW, ref(), f"step-{id_}")
    assert await morning.fates() == {"d-muted": SENT, "d-alone": SENT}
