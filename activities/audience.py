"""Who is meant by the words of a notice, of an event's recipients, or of an escalation's level."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from punctual.people import named
from punctual.protocol import Ref
from store import directory, inbox
from store.directory import User
from store.engine import Connection

PAGE = 200
"""How many are told in one transaction."""
KEEPERS = "role:store_manager"


@dataclass(frozen=True)
class Audience:
    """Some of those who are meant, by id; None for who is not in the directory. It goes on after `more`."""

    people: dict[str, User | None]
    more: str | None


async def resolve(
    db: Connection,
    ref: Ref,
    words: Sequence[str],
    data: Mapping[str, Any],
    *,
    chain: Collection[str] = (),
    copies: bool = False,
    without: Iterable[str] = (),
    after: str = "",
) -> Audience:
    """The next page of an audience in the order of ids; `copies` adds the managers of those whom `data` names.

    The word `chain` means whoever was told of the steps in `chain`.
    """
    explicit, groups = await _split(db, ref, words, data, chain)
    if copies:
        explicit |= await _above(db, ref.tenant, set(named(words, data)))
    told = {id_ for id_ in explicit if id_ > after}
    told |= set(await directory.members(db, ref.tenant, groups, after=after, limit=PAGE + 1))
    in_order = sorted(told)
    page = in_order[:PAGE]
    found = await directory.get(db, ref.tenant, [id_ for id_ in page if id_ not in set(without)], keep=True)
    people = {id_: found.get(id_) for id_ in page if id_ not in set(without)}
    return Audience(people, page[-1] if len(in_order) > PAGE else None)


async def _split(
    db: Connection, ref: Ref, words: Sequence[str], data: Mapping[str, Any], chain: Collection[str]
) -> tuple[set[str], list[str]]:
    """People by id, and groups to be asked for page by page."""
    people: set[str] = set()
    groups: list[str] = []
    for word in words:
        prefix, _, name = word.partition(":")
        if word == "everyone" or (prefix in ("role", "team") and name):
            groups.append(word)
        elif prefix == "user" and name:
            people.add(name)
        elif word == "managers":
            # On its own, as in an escalation's level, it means those of whoever is responsible.
            people |= await _above(db, ref.tenant, people or set(named(["assignees"], data)))
        elif word == "managers_of_managers":
            people |= await _above(db, ref.tenant, await _above(db, ref.tenant, set(named(["assignees"], data))))
        elif word in ("from_team", "to_team"):
            people |= await _keepers(db, ref.tenant, data.get(word))
        elif word == "chain":
            people |= set(await inbox.readers(db, ref, chain))
        else:
            people |= set(named([word], data))
    return people, groups


async def _above(db: Connection, tenant: str, people: set[str]) -> set[str]:
    found = await directory.get(db, tenant, people)
    return {user.manager_id for user in found.values() if user.manager_id}


async def _keepers(db: Connection, tenant: str, team: Any) -> set[str]:
    """Who manages a store: those of its team who have that role."""
    if not team:
        return set()
    return set(await directory.members_of_both(db, tenant, f"team:{team}", KEEPERS))
