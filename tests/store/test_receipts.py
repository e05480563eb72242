"""What is said of a delivery after it was handed over, on both databases."""

from datetime import datetime
from itertools import permutations
from typing import Any

import pytest

from store import ledger, receipts, waiting
from store.engine import Connection, Database
from store.ledger import Delivery
from tests.store.plans import plans
from tests.store.rows import MINUTE, NOW, delivery, ref

FAR = ("sent", "delivered", "opened", "clicked")


async def put(db: Connection, *rows: Delivery) -> None:
    await ledger.add(db, ref(), rows)


async def row(db: Connection, id_: str = "d1") -> Delivery:
    return next(one for one in await ledger.of_entity(db, ref()) if one.id == id_)


def at(minute: int) -> datetime:
    return NOW + minute * MINUTE


async def test_every_order_of_what_is_said_ends_in_the_same_row(database: Database) -> None:
    """All orders of six words, two of them twice, for a row that nobody knew the fate of."""
    words: list[Any] = [("delivered", 3), ("opened", 5), ("opened", 4), ("550", 2), ("421", 2), ("sent", 1)]
    orders = list(permutations(words))[::24]
    ends = set()
    async with database.write() as db:
        for number, order in enumerate(orders):
            id_ = f"d{number}"
            await put(db, delivery(id_, step_key=id_, outcome="unknown", reason="ambiguous", detail="timeout"))
            for word, minute in (*order, order[0]):
                if word in FAR:
                    await receipts.heard(db, "acme", id_, word, at(minute))
                else:
                    await receipts.refused(db, "acme", id_, word, at(minute))
            found = await row(db, id_)
            ends.add((found.outcome, found.reason, found.detail, found.at, found.sent_at, found.delivered_at,
                      found.opened_at))  # fmt: skip
    assert ends == {("opened", None, None, at(4), at(1), at(3), at(4))}


@pytest.mark.parametrize("before", ["superseded", "withheld", "expired", "skipped"])
async def test_what_was_decided_against_is_not_revived(database: Database, before: str) -> None:
    """Whoever reports of it has the wrong id."""
    async with database.write() as db:
        await put(db, delivery(outcome=before, reason="cancelled"))
        assert not await receipts.heard(db, "acme", "d1", "clicked", at(1))
        assert not await receipts.refused(db, "acme", "d1", "550", at(1))
        found = await row(db)
    assert (found.outcome, found.reason, found.clicked_at) == (before, "cancelled", None)


async def test_of_several_refusals_the_earliest_counts(database: Database) -> None:
    """Told in either order."""
    async with database.write() as db:
        for id_, order in (("d1", ("421", "550")), ("d2", ("550", "421"))):
            await put(db, delivery(id_, step_key=id_, outcome="sent"))
            for detail in order:
                assert await receipts.refused(db, "acme", id_, detail, at(1 if detail == "550" else 2)) or id_ == "d2"
            found = await row(db, id_)
            assert (found.outcome, found.detail, found.at) == ("failed", "550", at(1))


async def test_what_a_mail_brought_along_shares_its_fate(database: Database) -> None:
    """Also what still waits for it; what waits for another does not."""
    async with database.write() as db:
        waits = [delivery(id_, step_key=id_, outcome="deferred", reason="digest", due_at=NOW) for id_ in ("w1", "w2")]
        await put(db, delivery(outcome="unknown", reason="ambiguous"), *waits)
        await waiting.carry(db, "acme", ["w1"], "d1")
        assert await receipts.heard(db, "acme", "d1", "delivered", at(1))
        assert [(await row(db, id_)).outcome for id_ in ("d1", "w1", "w2")] == ["delivered", "delivered", "deferred"]
        assert await receipts.refused(db, "acme", "d1", "550", at(2))
        assert [(await row(db, id_)).outcome for id_ in ("d1", "w1", "w2")] == ["failed", "failed", "deferred"]


async def test_what_waits_to_be_sent_once_more_goes_on_waiting(database: Database) -> None:
    """A click on what was sent before is kept; what waits though it was never known to be sent, was sent."""
    async with database.write() as db:
        again = delivery(outcome="deferred", reason="snoozed", due_at=NOW, sent_at=NOW)
        await put(db, delivery("first", step_key="first", outcome="sent"), delivery("held", step_key="held"))
        await put(db, again, delivery("lost", step_key="lost", outcome="deferred", reason="quiet_hours", due_at=NOW))
        await db.exec_driver_sql("UPDATE deliveries SET sent_at = created_at WHERE id = 'd1'")
        for id_ in ("d1", "lost"):
            assert await receipts.heard(db, "acme", id_, "clicked", at(1))
        waits, lost = await row(db), await row(db, "lost")
    assert (waits.outcome, waits.reason, waits.clicked_at) == ("deferred", "snoozed", at(1))
    assert (lost.outcome, lost.reason, lost.sent_at) == ("clicked", None, at(1))


async def test_a_word_is_news_once(database: Database) -> None:
    """For each delivery; what its channel keeps there stays."""
    async with database.write() as db:
        await put(db, delivery(progress={"message_id": "m"}), delivery("d2", step_key="d2"))
        heard = [await receipts.is_news(db, "acme", *said) for said in
                 (("d1", "b"), ("d1", "a"), ("d1", "b"), ("d2", "b"), ("gone", "b"))]  # fmt: skip
        assert heard == [True, True, False, True, False]
        assert (await row(db)).progress == {"message_id": "m", "heard": ["a", "b"]}
        known = await receipts.recipients(db, "acme", "email", ["d1", "gone"])
    assert {id_: (to.user_id, to.created_at) for id_, to in known.items()} == {"d1": ("asha", NOW)}


async def test_a_receipt_costs_the_same_however_many_deliveries_there_are(sqlite: Database) -> None:
    """By the row's key, and by what it carries; SQLite, without statistics, would rather walk the tenant's."""
    async with sqlite.write() as db:
        for say in (
            lambda db: receipts.heard(db, "acme", "d1", "clicked", NOW),
            lambda db: receipts.refused(db, "acme", "d1", "550", NOW),
        ):
            for plan in await plans(db, say):
                assert "(tenant=? AND id=?)" in plan
                assert "ix_deliveries_carried" in plan
