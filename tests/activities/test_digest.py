"""`digest`: one summary for each user and period, whatever happens, and what has waited goes as it goes."""

import asyncio
from email import message_from_bytes
from typing import Any

import pytest

from activities.channels.base import Message
from activities.channels.email_message import Mails
from store import directory, inbox
from store.engine import Database
from store.vault import Vault
from tests.activities.digest_post import DAY, HOUR, NOW, Post
from tests.store.rows import SECRET, note
from tests.world import user


@pytest.fixture
async def post(sqlite: Database) -> Post:
    async with sqlite.write() as db:
        await directory.put(db, "acme", [user("asha"), user("ben")])
    return Post(sqlite)


async def test_a_period_has_one_digest_however_often_it_is_made(post: Post) -> None:
    """Also in another run, and when its hour is moved to later the same day; the answer names what is to be sent."""
    await post.unread(count=3)
    await post.choose()
    first = await post.run()
    (parcel,) = first.parcels
    assert (parcel.ref.workflow_id, parcel.pending.key) == ("acme/digest/daily", "2026-11-23")
    assert (parcel.pending.channel, first.more) == ("email", None)
    # The answer may have been lost with whoever was to hear it.
    assert (await post.run()).parcels == first.parcels
    await post.choose(digest={"frequency": "daily", "at": "18:00"})
    await post.run(NOW + 10 * HOUR)
    (digest,) = await post.digests()
    assert (digest.entity_id, digest.step_key, digest.title) == ("daily", "2026-11-23", "Your day")
    assert "Tasks: 3" in digest.message
    assert await post.fates() == {"inbox": ("sent", None), "email": ("planned", None)}
    assert await post.due() == NOW + DAY + 10 * HOUR


async def test_two_runs_at_once_make_one(database: Database) -> None:
    """On either database the second waits for the first, and finds that it is done."""
    async with database.write() as db:
        await directory.put(db, "acme", [user(f"u{number}") for number in range(6)])
    post = Post(database)
    for number in range(6):
        await post.choose(f"u{number}")
        await post.unread(f"u{number}")
    await asyncio.gather(*(post.run() for _ in range(3)))
    assert [len(await post.digests(f"u{number}")) for number in range(6)] == [1] * 6
    assert len(post.channels["websocket"].sent) == 6


async def test_after_an_outage_only_the_last_is_made(post: Post) -> None:
    """A week of daily ones missed is one, of the last day; the next comes as ever."""
    await post.unread()
    await post.choose(digest_at=NOW - 6 * DAY)
    await post.run(NOW + 5 * HOUR)
    assert [digest.step_key for digest in await post.digests()] == ["2026-11-23"]
    assert await post.due() == NOW + DAY


async def test_who_has_nothing_to_hear_hears_nothing(post: Post) -> None:
    """Only the next one's time is set."""
    await post.choose()
    assert (await post.run()).parcels == []
    assert (await post.digests(), await post.fates(), await post.due()) == ([], {}, NOW + DAY)


async def test_it_speaks_its_reader_s_language_and_goes_by_their_clock(post: Post) -> None:
    """Each is made when it is 08:00 where its reader is."""
    async with post.database.write() as db:
        await directory.put(db, "acme", [user("ben", timezone="Asia/Kolkata", locale="hi")])
    for who, zone in {"asha": "UTC", "ben": "Asia/Kolkata"}.items():
        await post.unread(who)
        await post.choose(who, zone=zone)
    assert await post.due("ben") == NOW + 18.5 * HOUR
    await post.run()
    assert await post.digests("ben") == []
    await post.run(NOW + 18.5 * HOUR)
    (digest,) = await post.digests("ben")
    assert (digest.step_key, digest.title) == ("2026-11-24", "आपका दिन")


@pytest.mark.parametrize(
    ("chosen", "fates"),
    [
        ({"channels": {"email": False}}, {"inbox": ("sent", None), "email": ("withheld", "preference")}),
        (
            {"categories": {"digests": {"inbox": False}}},
            {"inbox": ("withheld", "preference"), "email": ("planned", None)},
        ),
        (
            {"channels": {"email": False}, "types": {"digest.daily": {"email": True}}},
            {"inbox": ("sent", None), "email": ("planned", None)},
        ),
        (
            {"quiet_hours": {"enabled": True, "start": "00:00", "end": "23:45"}},
            {"inbox": ("sent", None), "email": ("planned", None)},
        ),
    ],
)
async def test_who_chose_a_digest_has_it_but_by_what_they_muted(
    chosen: dict[str, Any], fates: dict[str, tuple[str, str | None]], post: Post
) -> None:
    """The narrowest rule counts; quiet hours do not hold it back, for its time was chosen."""
    await post.unread()
    await post.choose(**chosen)
    await post.run()
    assert await post.fates() == fates
    assert len(await post.digests()) == (fates["inbox"][0] == "sent")


async def test_sockets_hear_of_it_after_the_fact(post: Post) -> None:
    """With the inbox as it then is; who wants no such news hears only that something has changed."""
    await post.unread(count=2)
    await post.choose()
    await post.run()
    (said,) = post.channels["websocket"].sent
    assert (said.notification.type, said.unread, said.is_muted) == ("digest.daily", 3, False)
    async with post.database.read() as db:
        assert said.version == await inbox.version(db, "acme", "asha")
    await post.choose(channels={"websocket": False}, digest_at=NOW + DAY)
    await post.run(NOW + DAY)
    assert post.channels["websocket"].sent[1].is_muted


async def test_what_has_waited_goes_with_it_unless_it_is_over(post: Post) -> None:
    """What was read, archived, deleted, acknowledged or has expired meanwhile, or is wanted no more, stays out."""
    await post.wait("offer")
    for name, changes in {
        "read": {"read_at": NOW}, "archived": {"archived_at": NOW}, "acknowledged": {"acknowledged_at": NOW},
        "deleted": {"listed": False}, "expired": {"expires_at": NOW}, "muted": {"type": "ticket.updated"},
        "forgotten": {"type": "no.more"},
    }.items():  # fmt: skip
        await post.wait(name, **changes)
    await post.choose(types={"ticket.updated": {"email": False}})
    await post.run()
    stale, planned = ("superseded", "stale"), ("deferred", "digest")
    assert await post.waiting() == {
        "offer": planned, "read": stale, "archived": stale, "acknowledged": stale, "deleted": stale,
        "expired": ("expired", "expired"), "muted": ("withheld", "preference"), "forgotten": ("failed", "rejected"),
    }  # fmt: skip
    (digest,) = await post.digests()
    assert "Waiting for this summary:\n- Task changed: offer\n\n" in digest.message
    assert "deleted" not in digest.message
    await post.choose(digest_at=NOW + DAY)
    await post.run(NOW + DAY)
    assert "Waiting" not in (await post.digests())[0].message


async def test_many_that_waited_are_counted(post: Post) -> None:
    """Twenty are named."""
    for number in range(23):
        await post.wait(f"{number:02}")
    await post.choose()
    await post.run()
    message = (await post.digests())[0].message
    assert "- Task changed: 19\n- … 3 more" in message
    assert "Task changed: 20" not in message


async def test_without_an_address_what_has_waited_is_withheld_as_the_digest_is(post: Post) -> None:
    """And nothing is left waiting."""
    await post.wait("offer")
    await post.choose()
    post.channels["email"].reasons = {"asha": "no_address"}
    await post.run()
    assert await post.fates() == {"inbox": ("sent", None), "email": ("withheld", "no_address")}
    assert await post.waiting() == {"offer": ("withheld", "no_address")}


@pytest.mark.parametrize("reason", ["inactive", "unknown_user"])
async def test_nobody_reads_what_is_for_somebody_who_has_left(reason: str, post: Post) -> None:
    """No digest, none later, and nothing is left waiting."""
    await post.wait("offer")
    await post.choose()
    async with post.database.write() as db:
        if reason == "inactive":
            await directory.put(db, "acme", [user("asha", active=False)])
        else:
            await db.exec_driver_sql("DELETE FROM users WHERE id = 'asha'")
    assert (await post.run()).parcels == []
    assert (await post.digests(), await post.due()) == ([], None)
    assert await post.waiting() == {"offer": ("withheld", reason)}


@pytest.mark.parametrize(("locale", "words"), [("en", "Change when they come"), ("hi", "समय बदलें")])
async def test_its_mail_says_where_to_change_it(locale: str, words: str, post: Post) -> None:
    """With an absolute link, in text and HTML; other mails say nothing of summaries."""
    mails = Mails("Punctual <punctual@example.com>", "https://crm.example/", Vault([SECRET]), lambda: NOW)
    for type_, there in (("digest.daily", True), ("quiet_hours.summary", False)):
        told = note(type=type_, category="digests")
        message = Message("acme", "d1", user("asha", locale=locale), told, collapse="")
        mail = message_from_bytes(mails.write(message, "asha@example.com").as_bytes())
        for part in mail.get_payload():
            text = part.get_payload(decode=True).decode()  # type: ignore[union-attr]
            assert "https://crm.example/preferences" in text
            assert (words in text) == there
