"""A ledger row's way from planned to settled, and who may send it meanwhile."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from store import ledger
from store.engine import Database
from store.ledger import Delivery
from tests.store.rows import KEY, MINUTE, NOW, another, delivery, ref

RUN_OUT = timedelta(seconds=-1)
"""A lease that is over as soon as it is given."""


async def _planned(database: Database, *rows: Delivery) -> None:
    async with database.write() as db:
        await ledger.add(db, ref(), rows or [delivery()])


async def _claim(database: Database, id_: str = "d1", lease: timedelta = MINUTE) -> Any:
    async with database.write() as db:
        return await ledger.claim(db, "acme", id_, lease)


async def _settle(database: Database, outcome: str, reason: str | None = None, **progress: Any) -> None:
    async with database.write() as db:
        await ledger.settle(db, "acme", "d1", outcome, reason, NOW + MINUTE, progress)


async def _overtake(database: Database, reason: str = "cancelled") -> None:
    async with database.write() as db:
        await ledger.overtake(db, ref(), [KEY], reason, NOW + MINUTE)


async def _row(database: Database, id_: str = "d1") -> Delivery:
    async with database.read() as db:
        return next(row for row in await ledger.of_entity(db, ref()) if row.id == id_)


async def test_one_of_many_claimers_gets_the_row(database: Database) -> None:
    """Two processes with ten claims each: one is given the row, the others are told how long it is held."""
    await _planned(database)
    other = another(database)
    claims = await asyncio.gather(*(_claim((database, other)[turn % 2]) for turn in range(20)))
    await other.close()
    assert len([row for row, _ in claims if row is not None]) == 1
    waits = [wait for row, wait in claims if row is None]
    assert all(timedelta(0) < wait <= MINUTE for wait in waits)
    assert (await _row(database)).attempts == 1


async def test_a_lease_that_has_run_out_is_claimable_and_shows(database: Database) -> None:
    """The second claimer gets the row and sees that somebody asked before."""
    await _planned(database)
    first, _ = await _claim(database, lease=RUN_OUT)
    second, _ = await _claim(database)
    assert first.lease_until is None
    assert second.lease_until is not None
    assert await _claim(database) != (None, None)
    assert (await _row(database)).attempts == 2


async def test_a_claim_before_its_commit_is_nobodys(database: Database) -> None:
    """A claimer that dies inside its transaction leaves the row as it was."""
    await _planned(database)
    with pytest.raises(LookupError):
        async with database.write() as db:
            await ledger.claim(db, "acme", "d1", MINUTE)
            raise LookupError
    row, _ = await _claim(database)
    assert row.lease_until is None


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [("sent", None), ("failed", "rejected"), ("withheld", "no_address"), ("unknown", "ambiguous")],
)
async def test_a_settled_row_stays_settled(database: Database, outcome: str, reason: str | None) -> None:
    """Its outcome is final: no claim, no later word, no overtaking and no giving up changes it."""
    await _planned(database)
    await _claim(database)
    await _settle(database, outcome, reason, devices=["a"])
    settled = await _row(database)
    assert (settled.outcome, settled.reason, settled.lease_until) == (outcome, reason, None)
    assert (settled.at, settled.progress) == (NOW + MINUTE, {"devices": ["a"]})
    assert await _claim(database) == (None, None)
    await _settle(database, "failed", "timeout")
    await _settle(database, "planned")
    await _overtake(database)
    async with database.write() as db:
        assert await ledger.give_up(db, ref(), KEY, "email", NOW) == 0
    assert await _row(database) == settled


async def test_a_row_given_back_is_claimable_at_once(database: Database) -> None:
    """After a refusal for now, the next attempt finds no lease, and what the channel wanted to remember."""
    await _planned(database)
    await _claim(database)
    await _settle(database, "planned", devices=["a"])
    row, _ = await _claim(database)
    assert (row.lease_until, row.progress, row.attempts) == (None, {"devices": ["a"]}, 1)


async def test_what_nobody_is_sending_is_superseded_at_once(database: Database) -> None:
    """An overtaken row is not sent any more, and says why."""
    await _planned(database)
    await _overtake(database)
    row = await _row(database)
    assert (row.outcome, row.reason, row.at) == ("superseded", "cancelled", NOW + MINUTE)
    assert await _claim(database) == (None, None)


async def test_what_was_overtaken_while_it_was_sent_is_what_the_provider_says(database: Database) -> None:
    """The provider took it: sent is the truth."""
    await _planned(database)
    await _claim(database)
    await _overtake(database)
    assert (await _row(database)).outcome == "planned"
    await _settle(database, "sent")
    row = await _row(database)
    assert (row.outcome, row.reason) == ("sent", None)


async def test_what_was_overtaken_while_it_was_sent_is_not_tried_again(database: Database) -> None:
    """The provider refused it for now: there is no next time, and the first reason stands."""
    await _planned(database)
    await _claim(database)
    await _overtake(database, "rescheduled")
    await _overtake(database, "cancelled")
    await _settle(database, "planned")
    row = await _row(database)
    assert (row.outcome, row.reason, row.lease_until) == ("superseded", "rescheduled", None)


async def test_overtaking_touches_the_named_steps_only(database: Database) -> None:
    """Other steps and other entities go on."""
    await _planned(database, delivery("d1"), delivery("d2", step_key="other"))
    async with database.write() as db:
        await ledger.add(db, ref("43"), [delivery("d3")])
    await _overtake(database)
    async with database.read() as db:
        assert await ledger.open_channels(db, ref(), KEY) == []
        assert await ledger.open_channels(db, ref(), "other") == ["email"]
        assert await ledger.open_channels(db, ref("43"), KEY) == ["email"]


async def test_giving_up_tells_apart_what_was_never_asked_and_what_had_no_answer(database: Database) -> None:
    """Never asked: failed, timeout. Asked without an answer: unknown. Other channels are left alone."""
    await _planned(database, delivery("d1"), delivery("d2", user_id="ben"), delivery("d3", channel="web_push"))
    await _claim(database, "d2")
    async with database.write() as db:
        assert await ledger.give_up(db, ref(), KEY, "email", NOW) == 2
    told = {id_: await _row(database, id_) for id_ in ("d1", "d2", "d3")}
    assert {id_: (row.outcome, row.reason) for id_, row in told.items()} == {
        "d1": ("failed", "timeout"), "d2": ("unknown", "ambiguous"), "d3": ("planned", None),
    }  # fmt: skip
    assert told["d2"].lease_until is None
    async with database.read() as db:
        assert [row.id for row in await ledger.open_rows(db, ref(), KEY, "web_push")] == ["d3"]
        assert await ledger.open_rows(db, ref(), KEY, "email") == []
