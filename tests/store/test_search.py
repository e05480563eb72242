"""Search in one's own inbox: the beginnings of words, in any script, and nothing but one's own."""

import unicodedata
import uuid
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from store import backfill, directory, inbox, inbox_changes, search
from store.engine import Connection, Database
from store.migrate import alembic_config, migrate
from tests.store.fresh import new_database
from tests.store.rows import NOW, note
from tests.world import user

TEXTS = {
    "cafe": ("Café Crème", "Rendez-vous demain à 9:00"),
    "hindi": ("नमस्ते मीरा", "कल की मुलाक़ात, क्‍षमा करें"),
    "sharp": ("STRASSE 12", "Weiß, Łódź; ①ﬁnal №42"),
    "plain": ("Visit of O'Brien", "mail asha@example.com about box x00915"),
    "mixed": ("abcक", "x" * 60),
}
FOUND = {
    "cafe": {"cafe"}, "CRÈME": {"cafe"}, "creme caf": {"cafe"}, "rendez": {"cafe"}, "vous-rendez": {"cafe"},
    "afe": set(), "cafe visit": set(), "9": {"cafe"}, "cafe\u0301": {"cafe"},
    "नम": {"hindi"}, "नमस्ते": {"hindi"}, "मुलाक़ात": {"hindi"}, "मुला\u0958ात": {"hindi"}, "क्षमा": {"hindi"},
    "स्ते": set(), "ते": set(), "मीरा नम": {"hindi"},
    "straße": {"sharp"}, "weiss": {"sharp"}, "final": set(), "1fin": {"sharp"}, "no42": {"sharp"},
    "o'b": {"plain"}, "brien": {"plain"}, "example.c": {"plain"}, "EXAMPLE": {"plain"}, "box": {"plain"},
    "x00915": {"plain"}, "x0": {"plain"}, "x": {"plain", "mixed"}, "xx": {"mixed"}, "x" * 50: {"mixed"},
    "abc": {"mixed"}, "abo": {"plain"}, "क": {"hindi"}, "abcक": {"mixed"},
    "": set(TEXTS), "  ": set(TEXTS), "!?*\"'": set(),
}  # fmt: skip
HOSTILE = [
    '"', '""cafe', "'", "cafe' OR 1=1 --", "cafe*", "cafe:*", "NEAR(cafe visit)", "cafe OR visit", "NOT cafe",
    "words:cafe", "-cafe", "^cafe", "{cafe}", "(cafe", "cafe & !visit", "cafe | visit", "\\", "\0", "cafe\0visit",
    "%", "_", "🎉", "\ud800", " ".join("abcdefghij" * 10),
]  # fmt: skip


async def _found(db: Connection, q: str, user_id: str = "asha", tenant: str = "acme") -> set[str]:
    return {found.id for found in await inbox.page(db, tenant, user_id, q=q, limit=1000)}


async def _kept(db: Connection) -> int:
    """How many notifications the database still has words of."""
    if db.dialect.name == "sqlite":
        return int((await db.execute(text("SELECT count(*) FROM notification_words"))).scalar_one())
    query = "SELECT count(*) FROM notifications WHERE words IS NOT NULL"
    return int((await db.execute(text(query))).scalar_one())


async def test_every_word_asked_for_begins_a_word_of_the_text(database: Database) -> None:
    """Whatever the case, the Latin accents, the script; what has no word in it is found nowhere."""
    async with database.write() as db:
        rows = [note(id_, title=title, message=body, step_key=id_) for id_, (title, body) in TEXTS.items()]
        await inbox.add(db, "acme", rows)
        assert {q: await _found(db, q) for q in FOUND} == FOUND


async def test_nothing_that_people_type_is_taken_for_syntax(database: Database) -> None:
    """Quotes, operators, column names, NUL, half characters: words at most, and never an error."""
    async with database.write() as db:
        await inbox.add(db, "acme", [note(title="cafe only")])
        finds = {q: not q.strip() or set(search.words(q)) == {"cafe"} for q in HOSTILE}
        assert {q: bool(await _found(db, q)) for q in HOSTILE} == finds


async def test_search_stays_in_ones_own_inbox(database: Database) -> None:
    """Of another user, of the same user in another tenant, of what is not listed: nothing, and filters still hold."""
    async with database.write() as db:
        await inbox.add(db, "acme", [note("mine"), note("read", read_at=NOW, step_key="2")])
        await inbox.add(db, "acme", [note("ben", user_id="ben"), note("hidden", listed=False, step_key="3")])
        await inbox.add(db, "other", [note("mine")])
        assert await _found(db, "visit") == {"mine", "read"}
        assert await _found(db, "visit", "ben") == {"ben"}
        assert await _found(db, "visit", tenant="other") == {"mine"}
        assert [n.id for n in await inbox.page(db, "acme", "asha", q="visit", status="read")] == ["read"]
        assert await _kept(db) == 4


async def test_what_leaves_the_inbox_for_good_leaves_no_words(database: Database) -> None:
    """Deleted, expired, erased with its user; what is written twice is kept once, and another tenant's stays."""
    async with database.write() as db:
        await directory.put(db, "acme", [user("asha")])
        rows = [note(f"n{number}", step_key=f"{number}") for number in range(4)]
        for tenant in ("acme", "other"):
            await inbox.add(db, tenant, [*rows, note("old", step_key="old", expires_at=NOW)])
            await inbox.add(db, tenant, rows)
            await inbox.bump(db, tenant, ["asha"])
        assert await _kept(db) == 10
        await inbox_changes.remove(db, "acme", "asha", ["n0"])
        assert await _found(db, "visit") == {"n1", "n2", "n3", "old"}
        await inbox.change(db, "acme", "asha", ["n1"], read_at=NOW)
        await inbox_changes.remove_read(db, "acme", "asha")
        assert await _found(db, "visit") == {"n2", "n3", "old"}
        await inbox_changes.end(db, NOW, limit=10)
        assert await _found(db, "visit") == {"n2", "n3"}
        assert await _kept(db) == 6
        await directory.erase(db, "acme", "asha")
        assert await _kept(db) == 4
        assert await _found(db, "visit", tenant="other") == {"n0", "n1", "n2", "n3"}


async def _write_without_words(db: Connection, *rows: tuple[str, str, bool]) -> None:
    """As the release before does: id, owner, and whether it is in the inbox."""
    columns = (
        "tenant, id, user_id, kind, entity_id, step_key, type, category, priority, title, message, actions, metadata,"
        " created_at, listed"
    )
    for id_, owner, listed in rows:
        same = f"'task', '1', '{id_}', 't', 'c', 'low', 'Café नमस्ते', 'x', '[]', '{{}}', '2026-11-20 09:00:00'"
        await db.execute(
            text(f"INSERT INTO notifications ({columns}) VALUES ('acme', '{id_}', '{owner}', {same}, {listed})")
        )


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_what_was_written_without_its_words_can_be_found_after_a_migration(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In parts that stay when one after them fails; by old processes since as well; and nothing else.

    What is locked is passed over and not waited for. The schema's own transaction reads and writes no words.
    """
    monkeypatch.setattr(backfill, "WINDOW", 2)
    monkeypatch.setattr(backfill, "AT_ONCE", 1)
    url = f"sqlite+aiosqlite:///{tmp_path}/before.db"
    if kind == "postgresql":
        url = await new_database(request.getfixturevalue("postgres"), f"before-{uuid.uuid4().hex}")
    database = Database(url)
    async with database.write() as db:
        await db.run_sync(lambda connection: command.upgrade(alembic_config(connection), "0002"))
        await _write_without_words(db, ("n1", "asha", True), ("n2", "ben", False), ("n3", "cleo", True))
        await db.run_sync(lambda connection: command.upgrade(alembic_config(connection), "head"))
        assert await _kept(db) == 0

    tokens = search.tokens

    def fails_the_second_time(given: str) -> list[str]:
        monkeypatch.setattr(search, "tokens", broken)
        return tokens(given)

    def broken(_: str) -> list[str]:
        raise MemoryError

    monkeypatch.setattr(search, "tokens", fails_the_second_time)
    with pytest.raises(MemoryError):
        await migrate(database)
    monkeypatch.setattr(search, "tokens", tokens)
    async with database.write() as db:
        assert await _kept(db) == 1
        await _write_without_words(db, ("n4", "asha", True))
    if kind == "postgresql":
        async with database.write() as db:
            await db.execute(text("SELECT id FROM notifications WHERE id = 'n4' FOR UPDATE"))
            assert await backfill.words(database) == 1
    await migrate(database)
    assert await backfill.words(database) == 0
    async with database.read() as db:
        assert await _found(db, "cafe नम") == {"n1", "n4"}
        assert await _found(db, "cafe", "cleo") == {"n3"}
        assert await _kept(db) == 3
    await database.close()


@given(st.text(max_size=40), st.data())
def test_tokens_begin_each_other_as_their_words_do(some: str, data: Any) -> None:
    """ASCII letters and digits only; and what begins a word, and nothing else, is a token that begins its token."""
    words, tokens = search.words(some), search.tokens(some)
    assert all(token.isascii() and token.isalnum() and token == token.lower() for token in tokens)
    assert len(words) == len(tokens)
    for word, token in zip(words, tokens, strict=True):
        part = word[: data.draw(st.integers(1, len(word)))]
        other = data.draw(st.sampled_from([part, *words]))
        [asked] = search.tokens(other) or [""]
        assert token.startswith(asked) == word.startswith(search.words(other)[0])


@given(st.text(max_size=40))
def test_no_word_depends_on_case_or_form(some: str) -> None:
    """The same text decomposed, composed or folded has the same words."""
    assert search.words(some) == search.words(unicodedata.normalize("NFD", some))
    assert search.words(some) == search.words(unicodedata.normalize("NFC", some))
    assert search.words(some.casefold()) == search.words(some)
