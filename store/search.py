"""Search by words: how a text is split into them, where they are kept, and how they are asked for.

SQLite keeps them in its full-text table, PostgreSQL in `notifications.words`; both hold the same tokens. On SQLite
each begins with its owner, so that whatever is asked for reads that owner's part of the index and nothing else.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    bindparam,
    cast,
    column,
    delete,
    false,
    func,
    insert,
    literal_column,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, TSQUERY

from store.engine import Connection
from store.tables import notifications

# A longer word is found by its beginning, and by anything that begins like it.
_LONGEST_WORD = 40
_ASCII_WORD = re.compile(r"[a-z0-9]+")
_BELOW_LATIN_END = "\u0250"
_JOINERS = dict.fromkeys(map(ord, "\u00ad\u200c\u200d\u2060"))
"""What stands inside of words and is no part of them."""

_n = notifications.c
_index = table("notification_words", column("rowid"), column("words"), column("id"))
_match: ColumnElement[Any] = column("notification_words")

VECTOR = func.array_to_tsvector(bindparam("tokens", type_=ARRAY(TEXT)))
"""PostgreSQL's value for `notifications.words`, from the parameter `tokens`."""


def words(text: str) -> list[str]:
    """The words of a text, each once: runs of letters, marks and digits, in one case, Latin ones without accents."""
    found = _ASCII_WORD.findall(text.lower()) if text.isascii() else "".join(_plain(text)).split()
    return list(dict.fromkeys(word[:_LONGEST_WORD] for word in found))


def _plain(text: str) -> Iterable[str]:
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_JOINERS)
    base = " "
    for char in unicodedata.normalize("NFD", folded):
        category = unicodedata.category(char)[0]
        if category != "M":
            base = char if category in "LN" else " "
            yield base
        elif base >= _BELOW_LATIN_END:
            yield char


def tokens(text: str) -> list[str]:
    """The words as letters and digits of ASCII, which no tokenizer breaks; the beginning of one stays a beginning."""
    return [word if word.isascii() and "x" not in word else "".join(map(_code, word)) for word in words(text)]


@lru_cache(maxsize=4096)
def _code(char: str) -> str:
    if char == "x":
        return "xx"
    return char if char.isascii() else f"x{ord(char):05x}"


def text_of(title: str, message: str) -> str:
    """What of a notification can be searched."""
    return f"{title}\n{message}"


def entry(tenant: str, user_id: str, id_: str, text: str) -> dict[str, Any]:
    """The row of SQLite's full-text table for a notification."""
    owner = _owner(tenant, user_id)
    kept = " ".join(owner + token for token in tokens(text))
    return {"rowid": _rowid(tenant, user_id, id_), "words": kept, "id": id_}


def _owner(tenant: str, user_id: str) -> str:
    # Two owners with one hash would cost each other time, and show nothing: a match counts in one's own inbox only.
    return hashlib.sha256(f"{tenant}/{user_id}".encode()).hexdigest()[:10]


def _rowid(tenant: str, user_id: str, id_: str) -> int:
    """What a notification's row is found by without a search.

    24 bits are its owner's, so that theirs lie together, and 39 its own: of a hundred people with 100,000
    notifications each, one has a notification that search does not find.
    """
    return _bits(f"{tenant}/{user_id}", 24) << 39 | _bits(f"{tenant}/{id_}", 39)


def _bits(name: str, number: int) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> (64 - number)


async def add(db: Connection, tenant: str, rows: Iterable[tuple[str, str, str]]) -> None:
    """Makes notifications (user id, id, text) findable, where that is not done by the row itself."""
    if db.dialect.name != "sqlite":
        return
    entries = [entry(tenant, *row) for row in rows]
    # In the order of the full-text index: each step back would close a segment of it.
    entries.sort(key=lambda values: values["rowid"])
    if entries:
        await db.execute(insert(_index).prefix_with("OR REPLACE"), entries)


async def kept(db: Connection, rows: Iterable[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """Those of some notifications (tenant, user id, id) that SQLite's full-text table has; elsewhere none."""
    if db.dialect.name != "sqlite":
        return set()
    by_rowid = {_rowid(*row): row for row in rows}
    # One parameter, however many they are.
    asked = select(func.json_each(json.dumps(sorted(by_rowid))).table_valued("value").c.value)
    found = await db.execute(select(_index.c.rowid).where(_index.c.rowid.in_(asked)))
    return {by_rowid[rowid] for rowid in found.scalars()}


async def remove(db: Connection, tenant: str, rows: Iterable[tuple[str, str]]) -> None:
    """Forgets the words of notifications (user id, id), where they are not the row's own."""
    if db.dialect.name != "sqlite":
        return
    gone = [{"gone": rowid} for rowid in sorted(_rowid(tenant, *row) for row in rows)]
    if gone:
        await db.execute(delete(_index).where(_index.c.rowid == bindparam("gone")), gone)


async def forget(db: Connection, tenant: str, user_id: str) -> None:
    """Forgets all words of a user whose notifications are about to be erased."""
    if db.dialect.name == "sqlite":
        mine = (await db.execute(select(_n.id).where(_n.tenant == tenant, _n.user_id == user_id))).scalars()
        await remove(db, tenant, [(user_id, id_) for id_ in mine])


def matching(db: Connection, tenant: str, user_id: str, text: str) -> ColumnElement[bool] | None:
    """The condition that each word of `text` begins a word of the user's notification; what has no word in it is
    found nowhere, and an empty text asks for nothing (None)."""
    asked = tokens(text)
    if not asked:
        return false() if text.strip() else None
    if db.dialect.name == "sqlite":
        owner = _owner(tenant, user_id)
        query = " AND ".join(f'"{owner}{token}"*' for token in asked)
        # The plus keeps SQLite from looking each match up by its id: the list's own index has the ids, and the order.
        return literal_column("+notifications.id").in_(select(_index.c.id).where(_match.op("MATCH")(query)))
    terms = " & ".join(f"'{token}':*" for token in asked)
    return _n.words.op("@@", is_comparison=True)(cast(terms, TSQUERY))
