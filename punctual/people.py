"""Who is meant: from the names of audiences to user ids."""

from collections.abc import Iterable, Mapping
from typing import Any

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


def first_name(name: str | None) -> str:
    """What a lock screen may show of a customer's name."""
    return ((name or "").split(maxsplit=1) or [""])[0]
