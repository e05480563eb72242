"""What was pushed and then snoozed waits to be pushed once more, on both databases."""

from datetime import datetime
from typing import Any

from punctual.delivery import ACCEPTED
from store import ledger, recalls, receipts, waiting
from store.engine import Connection, Database
from store.recalls import due
from tests.store.rows import KEY, MINUTE, NOW, delivery, note, ref

THEN, LATER = NOW + MINUTE, NOW + 60 * MINUTE
Story = tuple[str, str | None, datetime, datetime | None]


def pushed(**changes: Any) -> ledger.Delivery:
    return delivery("pushed", **{"channel": "web_push", "outcome": "sent", **changes})


async def _stories(db: Connection) -> dict[str, Story]:
    """Outcome, reason, since when, and when it was first sent."""
    rows = await ledger.of_entity(db, ref())
    return {row.id: (row.outcome, row.reason, row.at, row.sent_at) for row in rows}


async def test_a_snooze_has_only_what_was_pushed_wait(database: Database) -> None:
    """Of that notification, to that user, by a channel that brings things once more; said later, it waits longer."""
    others = [
        delivery("mail", outcome="sent"), delivery("inbox", channel="inbox", outcome="sent"),
        delivery("theirs", channel="web_push", outcome="sent", user_id="ravi"),
        delivery("another", channel="web_push", outcome="sent", step_key="another"),
    ]  # fmt: skip
    async with database.write() as db:
        await ledger.add(db, ref(), [pushed(), *others])
        before = await _stories(db)
        assert await recalls.snooze(db, "acme", note(), THEN, NOW) == due(THEN)
        assert await recalls.snooze(db, "acme", note(), LATER, THEN) == due(LATER)
        assert await _stories(db) == {**before, "pushed": ("deferred", "snoozed", THEN, NOW)}
        (waits,) = await waiting.of_user(db, "acme", "asha", *waiting.ALONE)
        assert (waits.due_at, waits.sent_at) == (due(LATER), NOW)
        assert await waiting.next_end(db, "acme", "asha") == due(LATER)


async def test_a_snooze_changes_nothing_about_what_was_not_pushed(database: Database) -> None:
    """Nobody misses a second push of what never came."""
    fates = [
        ("withheld", "preference"), ("failed", "rejected"), ("unknown", "ambiguous"), ("planned", None),
        ("deferred", "quiet_hours"), ("superseded", "cancelled"),
    ]  # fmt: skip
    rows = [
        delivery(outcome, channel="web_push", step_key=outcome, outcome=outcome, reason=reason)
        for outcome, reason in fates
    ]
    async with database.write() as db:
        await ledger.add(db, ref(), rows)
        before = await _stories(db)
        for row in rows:
            assert await recalls.snooze(db, "acme", note(step_key=row.step_key), LATER, NOW) is None
        assert await _stories(db) == before


ENDS = {
    "taken back": lambda db: recalls.take_back(db, "acme", "asha", ["n1"]),
    "muted": lambda db: waiting.settle(db, "acme", ["pushed"], "withheld", "preference", LATER),
    "cancelled": lambda db: ledger.overtake(db, ref(), [KEY], "cancelled", LATER),
    "acknowledged": lambda db: ledger.overtake(db, ref(), [KEY], ledger.ACKNOWLEDGED, LATER),
    "failed": lambda db: waiting.share(db, "acme", "carrier", "failed", "provider_error", LATER),
    "given up": lambda db: waiting.share_all(db, ref(), "again", "web_push"),
}


async def test_what_is_not_pushed_once_more_is_again_what_it_was(database: Database) -> None:
    """However that comes: the row says how far the first push got and since when, which may be heard of late."""
    carrier = delivery(
        "carrier", channel="web_push", step_key="again", outcome="failed", reason="timeout", attempts=1
    )
    async with database.write() as db:
        await ledger.add(db, ref(), [pushed(), carrier])
        for (name, end), heard in zip(ENDS.items(), ("sent", *ACCEPTED, "sent"), strict=True):
            async with db.begin_nested() as attempt:
                await recalls.snooze(db, "acme", note(), LATER, NOW)
                await receipts.heard(db, "acme", "pushed", heard, THEN)  # type: ignore[arg-type]
                assert (await _stories(db))["pushed"][:2] == ("deferred", "snoozed")
                if name in ("failed", "given up"):
                    await waiting.carry(db, "acme", ["pushed"], "carrier")
                await end(db)
                since = NOW if heard == "sent" else THEN
                assert (await _stories(db))["pushed"] == (heard, None, since, NOW), name
                await attempt.rollback()


async def test_what_is_pushed_once_more_was_first_sent_when_it_was(database: Database) -> None:
    """And may be snoozed and pushed again and again."""
    async with database.write() as db:
        await ledger.add(db, ref(), [pushed()])
        for turn in (1, 2):
            at = NOW + turn * MINUTE
            await recalls.snooze(db, "acme", note(), at, at)
            await waiting.carry(db, "acme", ["pushed"], f"carrier-{turn}")
            assert await recalls.snooze(db, "acme", note(), LATER, at) is None, "it is being pushed"
            await waiting.share(db, "acme", f"carrier-{turn}", "sent", None, at)
            assert await _stories(db) == {"pushed": ("sent", None, at, NOW)}


async def test_what_was_snoozed_and_forgotten_is_found(database: Database) -> None:
    """But not before its time, nor because its user chooses anew; and nobody takes it for not heard of yet."""
    async with database.write() as db:
        await ledger.add(db, ref(), [pushed()])
        await recalls.snooze(db, "acme", note(), LATER, NOW)
        assert await waiting.put_off_until(db, ref(), KEY) is None
        assert not await waiting.look_again(db, "acme", "asha", NOW, digests=False)
        assert await waiting.forgotten(db, LATER) == []
        assert await waiting.forgotten(db, LATER + MINUTE) == [("acme", "asha", "snoozed")]
