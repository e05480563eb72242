"""Browsers in the store: secret at rest, one row for each, and never the wrong one forgotten."""

from pathlib import Path

import pytest
from sqlalchemy import text

from store.engine import Database
from store.subscriptions import Subscription, Subscriptions
from store.vault import Vault
from tests.store.rows import MINUTE, NOW, SECRET, subscription

NEW_SECRET = "a-newer-secret-of-at-least-thirty-two-characters"


def _under(*secrets: str) -> Subscriptions:
    return Subscriptions(Vault(secrets))


async def _save(database: Database, store: Subscriptions, found: Subscription, offered_key: str | None = None) -> str:
    async with database.write() as db:
        return await store.save(db, "acme", found, offered_key)


async def _of(database: Database, store: Subscriptions, user: str = "asha") -> list[Subscription]:
    async with database.read() as db:
        return await store.of(db, "acme", user)


async def test_nothing_of_the_endpoint_is_readable_at_rest(sqlite: Database) -> None:
    """Neither the address nor the browser's keys are anywhere in the database's files; the device's name is."""
    stored = subscription()
    await _save(sqlite, _under(SECRET), stored)
    folder, name = (sqlite.engine.url.database or "").rsplit("/", 1)
    async with sqlite.engine.connect() as connection:
        assert (await connection.execute(text("PRAGMA wal_checkpoint"))).one()[0] == 0
    files = b"".join(file.read_bytes() for file in Path(folder).glob(f"{name}*"))
    assert stored.device.encode() in files
    for secret in (stored.endpoint, "push.example", stored.p256dh, stored.auth):
        assert secret.encode() not in files
    assert await _of(sqlite, _under(SECRET)) == [stored]
    assert not [secret for secret in (stored.endpoint, stored.p256dh, stored.auth) if secret in repr(stored)]


async def test_the_same_browser_again_keeps_its_row(database: Database) -> None:
    """Subscribing twice gives the first id again, and the newer keys."""
    store = _under(SECRET)
    assert await _save(database, store, subscription("s1")) == "s1"
    again = subscription("s2", endpoint=subscription("s1").endpoint, auth="newer")
    assert await _save(database, store, again) == "s1"
    assert [(found.id, found.auth) for found in await _of(database, store)] == [("s1", "newer")]


async def test_a_shared_browser_moves_to_who_subscribed_last(database: Database) -> None:
    """Another user in the same browser takes the row over: the first one's notices no longer appear there."""
    store = _under(SECRET)
    await _save(database, store, subscription())
    assert await _save(database, store, subscription("s2", user_id="ben", endpoint=subscription().endpoint)) == "s1"
    assert await _of(database, store) == []
    assert [found.id for found in await _of(database, store, "ben")] == ["s1"]
    async with database.read() as db:
        assert await store.owners(db, "acme", ["asha", "ben"]) == {"ben": {None}}


async def test_a_browser_keeps_the_key_that_it_was_made_for(database: Database) -> None:
    """A new one that does not say was made for what is offered; one that is there changes only when it says so."""
    store, browser = _under(SECRET), subscription()

    async def key(user: str = "asha") -> str | None:
        [found] = await _of(database, store, user)
        return found.vapid_key

    await _save(database, store, browser, "first")
    assert await key() == "first"
    await _save(database, store, browser, "second")
    assert await key() == "first"
    await _save(database, store, subscription(user_id="ben"), "second")
    assert await key("ben") == "first"
    await _save(database, store, subscription(vapid_key="second"), "third")
    assert await key() == "second"
    rotated = _under(NEW_SECRET, SECRET)
    await _save(database, rotated, browser, "third")
    assert [found.vapid_key for found in await _of(database, rotated)] == ["second"]
    async with database.read() as db:
        assert await rotated.owners(db, "acme", ["asha", "ben"]) == {"asha": {"second"}}


async def test_nobody_knows_the_key_of_an_old_row_until_it_says(database: Database) -> None:
    """Subscribed before keys were written down, it is not taken for one of a newer key."""
    store = _under(SECRET)
    await _save(database, store, subscription())
    await _save(database, store, subscription(auth="newer"), "newest")
    assert [(found.auth, found.vapid_key) for found in await _of(database, store)] == [("newer", None)]


async def test_a_browser_that_is_gone_is_forgotten(database: Database) -> None:
    """What its push service no longer knows is deleted, that one only."""
    store = _under(SECRET)
    for id_ in ("s1", "s2"):
        await _save(database, store, subscription(id_))
    async with database.write() as db:
        await store.delete_gone(db, "acme", subscription("s1"))
    assert [found.id for found in await _of(database, store)] == ["s2"]


async def test_a_browser_that_came_back_is_not_forgotten(database: Database) -> None:
    """Subscribed anew while the push service was saying "gone" about the old keys, it stays."""
    store = _under(SECRET)
    gone = subscription()
    await _save(database, store, gone)
    await _save(database, store, subscription(created_at=NOW + MINUTE, auth="newer"))
    async with database.write() as db:
        await store.delete_gone(db, "acme", gone)
    assert [found.auth for found in await _of(database, store)] == ["newer"]


async def test_only_the_owner_deletes_by_id_and_by_endpoint(database: Database) -> None:
    """Another user of the tenant finds nothing to delete, and is told so."""
    store, stored = _under(SECRET), subscription()
    await _save(database, store, stored)
    async with database.write() as db:
        assert not await store.delete(db, "acme", "ben", stored.id)
        assert not await store.delete_endpoint(db, "acme", "ben", stored.endpoint)
        assert await store.delete_endpoint(db, "acme", "asha", stored.endpoint)
        assert not await store.delete(db, "acme", "asha", stored.id)


async def test_a_new_key_reads_what_the_old_one_sealed(database: Database) -> None:
    """After a rotation everything is found as before, by owner and by endpoint."""
    await _save(database, _under(SECRET), subscription("s1"))
    await _save(database, _under(SECRET), subscription("s2"))
    rotated = _under(NEW_SECRET, SECRET)
    assert [found.id for found in await _of(database, rotated)] == ["s1", "s2"]
    async with database.write() as db:
        assert await rotated.delete_endpoint(db, "acme", "asha", subscription("s1").endpoint)
    assert [found.id for found in await _of(database, rotated)] == ["s2"]


async def test_subscribing_after_a_rotation_leaves_one_row_under_the_new_key(database: Database) -> None:
    """The browser's row under the old key goes, and the new one is readable without the old key."""
    await _save(database, _under(SECRET), subscription())
    await _save(database, _under(NEW_SECRET, SECRET), subscription(auth="newer"))
    assert [found.auth for found in await _of(database, _under(NEW_SECRET))] == ["newer"]
    assert await _of(database, _under(NEW_SECRET, SECRET)) == await _of(database, _under(NEW_SECRET))


async def test_what_no_key_opens_hides_nothing_else(database: Database) -> None:
    """Sealed under a key that was dropped, one browser is passed over; the others are still there."""
    await _save(database, _under(SECRET), subscription("s1"))
    await _save(database, _under(NEW_SECRET), subscription("s2"))
    assert [found.id for found in await _of(database, _under(NEW_SECRET))] == ["s2"]


def test_a_seal_opens_for_its_purpose_only() -> None:
    """Another purpose, another key and a changed byte are all refused."""
    vault = Vault([SECRET])
    sealed = vault.seal("mail-link", b"text")
    assert vault.open("mail-link", sealed) == b"text"
    assert vault.seal("mail-link", b"text") != sealed
    with pytest.raises(ValueError, match="SECRET_KEYS"):
        vault.open("push-endpoint", sealed)
    with pytest.raises(ValueError, match="SECRET_KEYS"):
        Vault([NEW_SECRET]).open("mail-link", sealed)
    for changed in (sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed[:20], b""):
        with pytest.raises(ValueError):
            vault.open("mail-link", changed)


def test_a_mark_holds_after_a_rotation_and_for_nothing_else() -> None:
    """Marks under any key of ours verify, for their purpose and data alone; new ones are made with the first key."""
    old, rotated = Vault([SECRET]), Vault([NEW_SECRET, SECRET])
    mark = old.mac("cursor", b"data")
    assert rotated.verifies("cursor", b"data", mark)
    assert rotated.macs("cursor", b"data") == [rotated.mac("cursor", b"data"), mark]
    assert not rotated.verifies("cursor", b"other", mark)
    assert not rotated.verifies("link", b"data", mark)
    assert not Vault([NEW_SECRET]).verifies("cursor", b"data", mark)
    assert not rotated.verifies("cursor", b"data", "")
