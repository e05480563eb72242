"""What quiet hours hold back, when attempts are repeated, come late, or are never made: on both databases."""

from datetime import timedelta

import pytest

from activities.rescue import Rescue
from store import directory
from store.engine import Database
from tests.activities.night import ASHA, QUIET, H, Night
from tests.store.rows import NOW, ref
from tests.world import user


@pytest.fixture
async def night(database: Database) -> Night:
    """Nobody has told Asha anything yet."""
    async with database.write() as db:
        await directory.put(db, "acme", [user("asha")])
    return Night(database)


async def test_a_gather_that_is_asked_again_brings_what_it_brought(night: Night) -> None:
    """What has become due since is no part of it, and is brought by the next."""
    await night.held("one", NOW)
    await night.held("two", NOW + timedelta(seconds=3))
    first = await night.gather(NOW)
    again = await night.gather(NOW + timedelta(seconds=6), asked=NOW)
    assert again == first
    assert again.next_at == NOW + timedelta(seconds=3)
    assert await night.end(NOW + timedelta(seconds=6)) == ["Title one", "Title two"]
    assert await night.fates() == {"d-one": ("sent", None), "d-two": ("sent", None)}


async def test_what_is_tried_when_the_quiet_has_begun_waits_for_its_end(night: Night) -> None:
    """A mail server that was away in the evening wakes nobody at night."""
    await night.held("one", None, outcome="planned", reason=None)
    await night.choose(**QUIET)
    await night.deliver(NOW, ref(), "step-one")
    assert night.sent == []
    assert await night.fates() == {"d-one": ("deferred", "quiet_hours")}
    assert night.looks.asked == [("acme/quiet_hours/asha", (NOW + 8 * H).isoformat())]
    assert await night.end(NOW + 8 * H) == ["Title one"]


async def test_a_summary_that_comes_too_late_is_let_go(night: Night) -> None:
    """What it was to bring is gathered anew when the next quiet ends."""
    await night.held("one", NOW - H)
    await night.held("two", NOW - H)
    gathered = await night.gather(NOW - 2 * H, asked=NOW)
    await night.choose(**QUIET)
    await night.deliver(NOW, ASHA, *(item.key for item in gathered.pending))
    assert night.sent == []
    assert set((await night.fates()).values()) == {("deferred", "quiet_hours")}
    assert await night.end(NOW + 8 * H) == ["2 notifications from your quiet hours"]


@pytest.mark.parametrize("gone", ["read_at", "archived_at"])
async def test_what_was_seen_before_a_summary_left_is_not_in_it(night: Night, gone: str) -> None:
    """It is made anew of what is left, which is one thing here and goes out as itself."""
    await night.held("one", NOW)
    await night.held("two", NOW)
    gathered = await night.gather(NOW)
    await night.change("one", **{gone: NOW})
    await night.deliver(NOW + H, ASHA, *(item.key for item in gathered.pending))
    assert (night.sent, len(night.looks.asked)) == ([], 1)
    assert await night.end(NOW + H) == ["Title two"]
    assert await night.fates() == {"d-one": ("superseded", "stale"), "d-two": ("sent", None)}


async def test_what_was_muted_before_it_left_is_withheld(night: Night) -> None:
    """The last word is the user's, however late the mail server is."""
    await night.held("one", None, outcome="planned", reason=None)
    await night.choose(categories={"appointments": {"email": False}})
    await night.deliver(NOW, ref(), "step-one")
    assert (night.sent, await night.fates()) == ([], {"d-one": ("withheld", "preference")})


async def test_what_was_forgotten_is_looked_at_after_all(night: Night) -> None:
    """A signal that was never sent, and a digest that will not come; again is harmless."""
    await night.held("one", NOW)
    await night.held("two", NOW + 24 * H, reason="digest", at=NOW)
    rescue = Rescue(night.database, night.looks)  # type: ignore[arg-type]
    assert await rescue.once(NOW + timedelta(minutes=1)) == 0
    late = NOW + timedelta(minutes=5)
    assert await rescue.once(late) == 2
    assert night.looks.asked == [("acme/quiet_hours/asha", late.isoformat())] * 2
    assert await night.end(late) == ["2 notifications from your quiet hours"]
    assert await rescue.once(late + H) == 0
