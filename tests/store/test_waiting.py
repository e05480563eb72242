"""What waits in the ledger, and what brings it in the end, on both databases."""

from datetime import timedelta
from typing import Any

import pytest

from punctual.digests import Digest
from punctual.preferences import Preferences
from store import ledger, preferences, waiting
from store.engine import Database
from tests.store.rows import KEY, MINUTE, NOW, delivery, ref

LATER = NOW + timedelta(hours=8)


def _waits(id_: str, **changes: Any) -> ledger.Delivery:
    values: dict[str, Any] = {
        "outcome": "deferred",
        "reason": "quiet_hours",
        "due_at": LATER,
        "step_key": f"step-{id_}",
    }
    return delivery(id_, **{**values, **changes})


async def _fates(database: Database) -> dict[str, tuple[str, str | None]]:
    async with database.read() as db:
        return {row.id: (row.outcome, row.reason) for row in await ledger.of_entity(db, ref())}


@pytest.mark.parametrize(("outcome", "reason"), [("sent", None), ("failed", "rejected"), ("unknown", "ambiguous")])
async def test_what_is_brought_along_ends_as_its_carrier(
    database: Database, outcome: str, reason: str | None
) -> None:
    """Once, and only what that carrier brings."""
    async with database.write() as db:
        await ledger.add(db, ref(), [delivery("carrier"), _waits("a"), _waits("b"), _waits("alone")])
        await waiting.carry(db, "acme", ["a", "b"], "carrier")
        await waiting.share(db, "acme", "carrier", outcome, reason, NOW)
    found = await _fates(database)
    assert found["a"] == found["b"] == (outcome, reason)
    assert found["alone"] == ("deferred", "quiet_hours")


async def test_giving_up_a_carrier_gives_up_what_it_brings(database: Database) -> None:
    """What nobody can know of the one nobody can know of the others."""
    async with database.write() as db:
        await ledger.add(db, ref(), [delivery("carrier"), _waits("a")])
        await waiting.carry(db, "acme", ["a"], "carrier")
        await ledger.claim(db, "acme", "carrier", timedelta(minutes=1))
        await ledger.give_up(db, ref(), KEY, "email", NOW)
        await waiting.share_all(db, ref(), KEY, "email")
    assert (await _fates(database))["a"] == ("unknown", "ambiguous")


async def test_what_is_overtaken_while_it_waits_is_never_brought(database: Database) -> None:
    """Unless somebody has tried to send what brings it."""
    async with database.write() as db:
        carriers = [delivery("tried", attempts=1), delivery("untried", step_key="other")]
        await ledger.add(db, ref(), [*carriers, _waits("waits"), _waits("under-way"), _waits("made")])
        await waiting.carry(db, "acme", ["under-way"], "tried")
        await waiting.carry(db, "acme", ["made"], "untried")
        keys = ["step-waits", "step-under-way", "step-made"]
        await ledger.overtake(db, ref(), keys, "rescheduled", NOW)
        assert await waiting.of_user(db, "acme", "asha", "quiet_hours") == []
        assert await waiting.is_stale(db, "acme", "untried", NOW)
        assert not await waiting.is_stale(db, "acme", "nothing", NOW)
    found = await _fates(database)
    assert found["waits"] == found["made"] == ("superseded", "rescheduled")
    assert found["under-way"] == ("deferred", "quiet_hours")


async def test_what_is_wanted_again_waits_again(database: Database) -> None:
    """A deadline that moves back within one night wakes nobody."""
    async with database.write() as db:
        await ledger.add(db, ref(), [_waits("waits")])
        await ledger.overtake(db, ref(), ["step-waits"], "rescheduled", NOW)
        await ledger.reopen(db, ref(), ["step-waits"], users=["asha"])
        assert await waiting.ends(db, ref(), ["step-waits"]) == {"asha": LATER}


async def test_only_what_is_due_is_found_and_the_next_end_is_known(database: Database) -> None:
    """The oldest first; what waits for a digest is not asked for."""
    async with database.write() as db:
        rows = [
            _waits("late", at=NOW + MINUTE), _waits("early", due_at=NOW), _waits("theirs", user_id="ravi"),
            _waits("mail", reason="digest"),
        ]  # fmt: skip
        await ledger.add(db, ref(), rows)
        due = await waiting.of_user(db, "acme", "asha", "quiet_hours", due_by=NOW)
        all_ = await waiting.of_user(db, "acme", "asha", "quiet_hours")
        assert [row.id for row in due] == ["early"]
        assert [row.id for row in all_] == ["early", "late"]
        assert await waiting.next_end(db, "acme", "asha") == NOW


@pytest.mark.parametrize(
    ("others", "expected"),
    [([], LATER), ([{"channel": "web_push", "outcome": "sent", "reason": None}], None),
     ([{"channel": "web_push", "outcome": "withheld", "reason": "preference"}], LATER),
     ([{"user_id": "ravi", "due_at": NOW}], NOW)],
)  # fmt: skip
async def test_a_step_is_put_off_where_nobody_hears_of_it_yet(
    database: Database, others: list[dict[str, Any]], expected: Any
) -> None:
    """One who hears of it at once is enough."""
    rows = [_waits("a", step_key=KEY), *(_waits(f"o{n}", step_key=KEY, **other) for n, other in enumerate(others))]
    async with database.write() as db:
        await ledger.add(db, ref(), rows)
        assert await waiting.put_off_until(db, ref(), KEY) == expected


async def test_what_was_forgotten_is_found_of_all_tenants(database: Database) -> None:
    """What is long due and carried by nothing; what waits for a digest that will not come. Nothing else."""
    rows = [
        _waits("due", due_at=NOW - MINUTE), _waits("ahead", user_id="ravi"),
        _waits("digest", user_id="lena", reason="digest", at=NOW - MINUTE),
        _waits("carried", user_id="ben", due_at=NOW - MINUTE),
    ]  # fmt: skip
    daily = Preferences(digest=Digest(frequency="daily"))
    async with database.write() as db:
        for tenant in ("acme", "other"):
            await ledger.add(db, ref(tenant=tenant), rows)
            await waiting.carry(db, tenant, ["carried"], "carrier")
        await preferences.put(db, "other", "lena", daily, digest_at=NOW, now=NOW)
        found = await waiting.forgotten(db, NOW)
    assert sorted(found) == [
        ("acme", "asha", "quiet_hours"), ("acme", "lena", "digest"), ("other", "asha", "quiet_hours"),
    ]  # fmt: skip
