"""Who gets no mail any more: people that unsubscribed, and addresses that mails came back from.

An unsubscription is the person's, whatever their address becomes; a bounce is the address's, found by its MAC.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import and_, delete, or_, select

from store.engine import Connection, insert
from store.tables import suppressions
from store.vault import Vault

ALL = "*"
"""The scope of who wants no mail at all, but what is mandatory."""
Reason = Literal["unsubscribed", "bounced"]

_PURPOSE = "suppressed address"
_WHOLE_ADDRESS = ""
_s = suppressions.c


@dataclass(frozen=True)
class Suppression:
    """`scope` is a category, a type or ALL; empty for a bounce, which stops all mail to the address."""

    scope: str
    reason: Reason
    at: datetime
    detail: str | None = None
    """What the address's server said."""


class Suppressions:
    """The suppressions of all tenants; `vault` makes the marks that addresses are found by."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def unsubscribe(self, db: Connection, tenant: str, user_id: str, scope: str, at: datetime) -> None:
        """From now on the user gets no mail of a category, a type, or ALL; again is harmless."""
        await self._add(db, tenant, _person(user_id), Suppression(scope, "unsubscribed", at))

    async def resubscribe(self, db: Connection, tenant: str, user_id: str, scope: str) -> bool:
        """Takes an unsubscription back; whether there was one."""
        own = and_(_s.tenant == tenant, _s.subject == _person(user_id), _s.scope == scope)
        return bool((await db.execute(delete(suppressions).where(own))).rowcount)

    async def bounced(self, db: Connection, tenant: str, address: str, at: datetime, detail: str) -> None:
        """From now on nothing is mailed to an address; the first word about it stays."""
        await self._add(db, tenant, self._subject(address), Suppression(_WHOLE_ADDRESS, "bounced", at, detail))

    async def lift(self, db: Connection, tenant: str, address: str) -> bool:
        """An address is tried again; whether it was stopped."""
        own = and_(_s.tenant == tenant, _s.subject.in_(self._subjects(address)))
        return bool((await db.execute(delete(suppressions).where(own))).rowcount)

    async def of(self, db: Connection, tenant: str, user_id: str, address: str | None) -> list[Suppression]:
        """What is stopped for somebody, the oldest first."""
        subjects = [_person(user_id), *(self._subjects(address) if address else [])]
        query = select(_s.scope, _s.reason, _s.at, _s.detail).where(_s.tenant == tenant, _s.subject.in_(subjects))
        rows = await db.execute(query.order_by(_s.at, _s.scope))
        # After a rotation of keys an address may have two marks.
        found: dict[str, Suppression] = {}
        for row in rows:
            found.setdefault(row.scope, Suppression(*row))
        return list(found.values())

    async def stopped(
        self, db: Connection, tenant: str, addresses: Mapping[str, str], scopes: Collection[str]
    ) -> dict[str, Reason]:
        """Why mail about one of `scopes` goes no more to some of these people (user id → address).

        Without scopes, as for what is mandatory, only bounces count.
        """
        people = {_person(user_id): user_id for user_id in addresses}
        marks = {mark: user_id for user_id, address in addresses.items() for mark in self._subjects(address)}
        person = and_(_s.subject.in_(list(people)), _s.scope.in_([*scopes, ALL] if scopes else []))
        query = select(_s.subject, _s.reason).where(_s.tenant == tenant, or_(person, _s.subject.in_(list(marks))))
        found: dict[str, Reason] = {}
        for subject, reason in await db.execute(query):
            if reason == "unsubscribed":
                found.setdefault(people[subject], reason)
            else:
                found |= dict.fromkeys(self._who(subject, marks, addresses), reason)
        return found

    def _who(self, mark: str, marks: Mapping[str, str], addresses: Mapping[str, str]) -> Sequence[str]:
        """Everybody with the address of a mark: several may share one."""
        same = _folded(addresses[marks[mark]])
        return [user_id for user_id, address in addresses.items() if _folded(address) == same]

    async def forget(self, db: Connection, tenant: str, user_id: str, address: str | None) -> None:
        """Erases what is kept of somebody."""
        subjects = [_person(user_id), *(self._subjects(address) if address else [])]
        await db.execute(delete(suppressions).where(_s.tenant == tenant, _s.subject.in_(subjects)))

    async def _add(self, db: Connection, tenant: str, subject: str, what: Suppression) -> None:
        values = {"tenant": tenant, "subject": subject, **what.__dict__}
        await db.execute(insert(db, suppressions).values(**values).on_conflict_do_nothing())

    def _subject(self, address: str) -> str:
        return f"address:{self._vault.mac(_PURPOSE, _folded(address).encode())}"

    def _subjects(self, address: str) -> list[str]:
        return [f"address:{mark}" for mark in self._vault.macs(_PURPOSE, _folded(address).encode())]


def _person(user_id: str) -> str:
    return f"user:{user_id}"


def _folded(address: str) -> str:
    """The same for all ways of writing an address: to servers bücher.example is xn--bcher-kva.example."""
    written = address.strip().lower()
    try:
        return written if written.isascii() else _in_ascii(written) or written
    except EmailNotValidError:
        return written


def _in_ascii(address: str) -> str | None:
    return validate_email(address, check_deliverability=False, test_environment=True).ascii_email
