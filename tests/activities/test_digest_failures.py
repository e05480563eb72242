"""`digest` when something fails, takes long or is much: everybody else has theirs, and nothing is left undone."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from structlog.testing import capture_logs

from activities import digest as module
from activities.digest import Digest
from punctual.channels import CHANNELS
from punctual.protocol import DIGEST, Ref
from store import directory, ledger
from store.engine import Database
from store.ledger import Delivery
from tests.activities.digest_post import DAY, HOUR, NOW, Post
from tests.world import user


@pytest.fixture
async def post(sqlite: Database) -> Post:
    async with sqlite.write() as db:
        await directory.put(db, "acme", [user("asha"), user("ben")])
    return Post(sqlite)


async def test_what_cannot_be_made_stops_nobody_else_s(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried a few times; then it is left to the next run, and so is due still."""
    written = Digest._written

    async def fails_for_asha(self: Digest, db: Any, tenant: str, who: Any, *others: Any) -> Any:
        if who.id == "asha":
            raise LookupError("no such thing")
        return await written(self, db, tenant, who, *others)

    for who in ("asha", "ben"):
        await post.unread(who)
        await post.choose(who)
    monkeypatch.setattr(Digest, "_written", fails_for_asha)
    with pytest.raises(LookupError):
        await post.run()
    assert (await post.digests("ben"), await post.due()) == ([], NOW)
    await post.run(attempt=module.ATTEMPTS)
    assert (len(await post.digests("ben")), await post.due()) == (1, NOW)
    monkeypatch.undo()
    await post.run()
    assert (len(await post.digests()), await post.due()) == (1, NOW + DAY)


async def test_what_takes_too_long_stops_nobody_else_s(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts as what fails; who is told to stop altogether stops."""
    written = Digest._written
    begun = asyncio.Event()

    async def hangs_for_asha(self: Digest, db: Any, tenant: str, who: Any, *others: Any) -> Any:
        if who.id == "asha":
            begun.set()
            await asyncio.Event().wait()
        return await written(self, db, tenant, who, *others)

    for who in ("asha", "ben"):
        await post.unread(who)
        await post.choose(who)
    monkeypatch.setattr(Digest, "_written", hangs_for_asha)
    whole = asyncio.create_task(post.run(attempt=module.ATTEMPTS))
    await begun.wait()
    whole.cancel()
    with pytest.raises(asyncio.CancelledError):
        await whole
    monkeypatch.setattr(module, "LIMIT", 0.2)
    with pytest.raises(TimeoutError):
        await post.run()
    assert await post.digests("ben") == []
    monkeypatch.setattr(module, "SECONDS", 0.0)
    first = await post.run(attempt=module.ATTEMPTS)
    assert (first.more, await post.due()) == ((NOW, "acme", "asha"), NOW)
    monkeypatch.setattr(module, "LIMIT", 60.0)
    await post.run(after=first.more)
    assert len(await post.digests("ben")) == 1


async def test_the_log_says_who_has_none_and_nothing_of_what_it_says(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error's words may be somebody's."""

    async def fails(*_: Any) -> Any:
        raise LookupError("the private words")

    await post.unread()
    await post.choose()
    monkeypatch.setattr(Digest, "_written", fails)
    with capture_logs() as logs:
        await post.run(attempt=module.ATTEMPTS)
    (line,) = logs
    assert (line["event"], line["tenant"], line["user"], line["error"]) == (
        "digest_fails", "acme", "asha", "LookupError"
    )  # fmt: skip
    assert "exc_info" not in line
    assert "private" not in repr(line)


async def test_others_write_while_it_is_read_what_a_digest_says(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should its reader have moved, or chosen another, by the time that it is written, it is read once more."""
    figures, asked = module.summarize, 0

    async def another_writes(db: Any, *others: Any) -> Any:
        nonlocal asked
        asked += 1
        found = await figures(db, *others)
        if asked == 1:
            await post.choose(digest={"frequency": "weekly"}, digest_at=NOW)
        return found

    await post.unread()
    await post.choose()
    monkeypatch.setattr(module, "summarize", another_writes)
    await post.run()
    assert ([digest.type for digest in await post.digests()], asked) == (["digest.weekly"], 2)


async def test_what_much_has_waited_costs_no_more_questions(post: Post) -> None:
    """Nor does what has become pointless meanwhile."""
    counts: list[int] = []
    asked = 0

    def heard(*_: Any) -> None:
        nonlocal asked
        asked += 1

    event.listen(post.database.engine.sync_engine, "before_cursor_execute", heard)
    for day, number in enumerate((2, 20)):
        for each in range(number):
            await post.wait(f"{day}-{each}")
            await post.wait(f"{day}-{each}-read", read_at=NOW)
            await post.wait(f"{day}-{each}-muted", type="ticket.updated")
        await post.choose(digest_at=NOW + day * DAY, types={"ticket.updated": {"email": False}})
        before = asked
        await post.run(NOW + day * DAY)
        counts.append(asked - before)
    assert counts[0] == counts[1]
    assert len([fate for fate in (await post.waiting()).values() if fate == ("superseded", "stale")]) == 22


@pytest.mark.parametrize(("name", "value"), [("PAGE", 1), ("SECONDS", 0.0)])
async def test_a_call_does_a_part_and_says_where_it_stopped(
    name: str, value: Any, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By number or by time; a later call names what was written since it was asked."""
    monkeypatch.setattr(module, name, value)
    for who in ("asha", "ben"):
        await post.unread(who)
        await post.choose(who)
    first = await post.run()
    assert first.more == (NOW, "acme", "asha")
    assert (len(await post.digests("asha")), len(await post.digests("ben"))) == (1, 0)
    second = await post.run(NOW + timedelta(seconds=1), due_by=NOW, after=first.more)
    assert (len(first.parcels), len(second.parcels), len(await post.digests("ben"))) == (1, 1, 1)
    last = second if second.more is None else await post.run(NOW + HOUR, due_by=NOW, after=second.more)
    assert last.more is None
    assert last is second or last.parcels == []


async def test_what_could_not_be_sent_for_a_day_is_given_up(post: Post) -> None:
    """With what it brought along."""
    await post.wait("offer")
    await post.choose()
    await post.run()
    await post.choose(digest_at=NOW + 9 * DAY)
    patience = CHANNELS["email"].patience
    assert len((await post.run(NOW + patience)).parcels) == 1
    assert (await post.run(NOW + patience + HOUR)).parcels == []
    assert await post.fates() == {"inbox": ("sent", None), "email": ("failed", "timeout")}
    assert await post.waiting() == {"offer": ("failed", "timeout")}


async def test_what_is_given_up_is_so_part_by_part(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each for good, before anything else; a call that has no time left for the rest asks to be called again."""
    monkeypatch.setattr(module, "AT_ONCE", 2)
    monkeypatch.setattr(module, "SECONDS", 0.0)
    old = [
        Delivery(f"d{number}", f"u{number}", "email", "2026-11-21", "n", "planned", None, NOW - 2 * DAY)
        for number in range(5)
    ]
    ref = Ref(tenant="acme", kind=DIGEST, id="daily")
    async with post.database.write() as db:
        await ledger.add(db, ref, old)
    await post.unread()
    await post.choose()
    calls: list[tuple[int, int]] = []
    after: Any = None
    while not calls or after is not None:
        answer = await post.run(after=after)
        async with post.database.read() as db:
            failed = [row for row in await ledger.of_entity(db, ref) if row.outcome == "failed"]
        calls.append((len(failed), len(answer.parcels)))
        after = answer.more
    assert calls == [(2, 0), (4, 0), (5, 1)]
