"""Links that act for one person without a login: sealed with our keys, so that nobody can read or make them."""

import json
from base64 import b64decode, urlsafe_b64encode
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Self

from store.vault import Vault

LIFETIME = timedelta(days=30)
# A click link holds a whole URL of the longest kind, in up to four bytes a character.
_LONGEST = 12_000


class Link:
    """What a token says. Each kind is sealed for itself, so that none can stand in for another."""

    purpose: ClassVar[str]

    def token(self, vault: Vault) -> str:
        """The link's secret part, safe in URLs."""
        plain = [_plain(value) for value in vars(self).values()]
        sealed = vault.seal(self.purpose, json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode())
        return urlsafe_b64encode(sealed).rstrip(b"=").decode()

    @classmethod
    def read(cls, vault: Vault, token: str) -> Self:
        """The link of a token, expired or not; raises ValueError for a token that is none of ours."""
        if len(token) > _LONGEST:
            raise ValueError("longer than any token of ours")
        sealed = b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        values = json.loads(vault.open(cls.purpose, sealed))
        return cls(*(_value(field.type, value) for field, value in zip(fields(cls), values, strict=True)))  # type: ignore[arg-type]


@dataclass(frozen=True)
class _ActLink(Link):
    tenant: str
    notification_id: str
    user_id: str
    expires_at: datetime


class AcknowledgeLink(_ActLink):
    """Lets whoever has it acknowledge what one notification tells one person, until it expires."""

    purpose = "acknowledge link"


class SnoozeLink(_ActLink):
    """Lets whoever has it put one notification of one person off for a while, until it expires."""

    purpose = "snooze link"


@dataclass(frozen=True)
class UnsubscribeLink(Link):
    """Lets whoever has it stop mails to one person: of a category, of a type. It never expires, as mails do not."""

    purpose = "unsubscribe link"

    tenant: str
    user_id: str
    scope: str


@dataclass(frozen=True)
class ClickLink(Link):
    """Says that a delivery was clicked, and leads to `url` and nowhere else."""

    purpose = "click link"

    tenant: str
    delivery_id: str
    url: str


@dataclass(frozen=True)
class ReceiptLink(Link):
    """Lets a device say what became of one delivery."""

    purpose = "receipt link"

    tenant: str
    delivery_id: str


def _plain(value: Any) -> Any:
    return int(value.timestamp()) if isinstance(value, datetime) else value


def _value(type_: Any, value: Any) -> Any:
    return datetime.fromtimestamp(value, UTC) if type_ is datetime else value
