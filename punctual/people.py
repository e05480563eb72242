"""Who is meant, and in which language: from the names of audiences to user ids, from locales to words."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")

_LISTS = {"assignees": "assignee_ids", "previous_assignees": "previous_assignee_ids"}
_ONES = frozenset({"creator", "requester", "agent", "seller", "payee", "uploader", "artist", "author", "user"})


def named(audience: Iterable[str], data: Mapping[str, Any]) -> list[str]:
    """The users that `data` itself names for `audience`, in order, each once.

    `assignees` are its `assignee_ids` or its `assignee_id`, `creator` is its `creator_id`, and so on.
    """
    found: list[str] = []
    for word in (word for word in audience if word in _LISTS or word in _ONES):
        several, one = data.get(_LISTS.get(word, "")), data.get(f"{word.removesuffix('s')}_id")
        found += several if isinstance(several, list) else [one] if isinstance(one, str) else []
    return list(dict.fromkeys(found))


def is_nobody(audience: Iterable[str], data: Mapping[str, Any]) -> bool:
    """Whether these words can mean nobody, whoever is in the directory."""
    words = list(audience)
    if any(":" in word or word in ("everyone", "chain") for word in words):
        return False
    return not named(words, data) and not any(data.get(word) for word in words if word in ("from_team", "to_team"))


_NO_NAMES = frozenset([
    "dr", "mr", "mrs", "ms", "miss", "prof", "sir", "madam", "shri", "smt", "herr", "frau",
    "inc", "ltd", "llc", "gmbh", "co", "corp", "plc", "jr", "sr",
])  # fmt: skip
_NAME = re.compile(r"[^\W\d_][^\s,;:@<>()\"+.]*")


def first_name(name: str | None) -> str:
    """What a lock screen may show of a customer's name: no surname, no address and no number.

    `Iyer, Meera` is read as it is meant; who is known by nothing else keeps what stands before the @.
    """
    last, comma, first = (name or "").partition(",")
    for part in (first, last) if comma else (last,):
        for word in _NAME.findall(part.partition("@")[0]):
            if word.casefold() not in _NO_NAMES:
                return str(word)
    return "…" if (name or "").strip() else ""


DEFAULT_LANGUAGE = "en"


def language_among(languages: Iterable[str], locale: str) -> str:
    """The one of `languages` that a reader of `locale` is told in: `hi` for `hi-IN` or `hi_IN`, else English."""
    language = re.split("[-_]", locale, maxsplit=1)[0].lower()
    return language if language in languages else DEFAULT_LANGUAGE


def in_language(texts: Mapping[str, T], locale: str) -> T:
    """What a reader of `locale` gets of `texts` by language."""
    return texts[language_among(texts, locale)]
