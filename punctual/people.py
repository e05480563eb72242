"""Who is meant: from the names of audiences to user ids."""

from collections.abc import Iterable, Mapping
from typing import Any

_FIELDS = {"assignees": "assignee_ids", "creator": "creator_id", "requester": "requester_id"}


def named(audience: Iterable[str], snapshot: Mapping[str, Any]) -> list[str]:
    """The users that `snapshot` itself names for `audience`, in order, each once."""
    found: list[str] = []
    for name in audience:
        value = snapshot.get(_FIELDS.get(name, ""))
        found += value if isinstance(value, list) else [value] if value else []
    return list(dict.fromkeys(found))


def first_name(name: str | None) -> str:
    """What a lock screen may show of a customer's name."""
    return (name or "").split(" ", 1)[0]
