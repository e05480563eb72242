"""Who we are to a push service (RFC 8292): one signed token per key and origin, reused for hours."""

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02
from py_vapid.utils import b64urldecode

from activities.faults import REFUSED_WAIT
from settings import SettingsError

log = structlog.get_logger(__name__)

# RFC 8292 allows 24 hours; half of it leaves room for clocks that disagree.
_LIFETIME = timedelta(hours=12)
_REUSED = timedelta(hours=11)
SEVERAL = 3
"""So many people whose subscriptions are refused mean that our key is."""
# Far more origins than push services have; a made-up subdomain costs no more than a place here.
_MOST = 256


@dataclass(frozen=True)
class _Token:
    header: str
    until: datetime


@dataclass
class _Standing:
    """What one origin thinks of one key."""

    accepted_at: datetime | None = None
    refused: set[tuple[str, str]] = field(default_factory=set)
    """Whose subscriptions it has refused since."""
    stopped_until: datetime | None = None
    told_until: datetime | None = None


class Vapid:
    """Signs for one key pair and one owner (mailto: or https:); raises SettingsError for keys that do not fit."""

    def __init__(self, private_key: str, public_key: str, owner: str) -> None:
        try:
            self._vapid = Vapid02.from_string(private_key)
        except (ValueError, TypeError):
            raise SettingsError(
                "VAPID_PRIVATE_KEY: holds what is no key (`punctual keys vapid` prints one)"
            ) from None
        # The library's own idea of an owner is narrower than the standard's; ours is checked by the settings.
        self._vapid.conf = {"no-strict": True}
        own = self._vapid.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        if own != _decoded(public_key):
            raise SettingsError("VAPID_PUBLIC_KEY: does not belong to VAPID_PRIVATE_KEY")
        self.public_key = urlsafe_b64encode(own).rstrip(b"=").decode()
        self._owner = owner
        self._tokens: dict[str, _Token] = {}
        self._standings: dict[str, _Standing] = {}

    def authorization(self, origin: str, now: datetime) -> str:
        """The Authorization header for `origin`."""
        token = self._tokens.get(origin)
        if token is None or token.until <= now:
            if len(self._tokens) >= _MOST:
                self._tokens.clear()
            claims = {"aud": origin, "sub": self._owner, "exp": int((now + _LIFETIME).timestamp())}
            token = _Token(self._vapid.sign(claims)["Authorization"], now + _REUSED)
            self._tokens[origin] = token
        return token.header

    def accepted(self, origin: str, now: datetime) -> None:
        """`origin` has taken a push of ours: what it refuses now is about one subscription."""
        standing = self._standing(origin)
        standing.accepted_at = now
        standing.refused.clear()

    def refused(self, origin: str, owner: tuple[str, str], now: datetime) -> None:
        """`origin` does not like who we are, by the word of a subscription of `owner` (tenant and user id).

        A subscription made with another key is refused as well, and anybody can make one: only where several people
        are refused, and nobody is not, is the origin left alone for a while; it gets a new token then.
        """
        standing = self._standing(origin)
        if standing.told_until is None or not now < standing.told_until <= now + REFUSED_WAIT:
            log.warning("push service refuses our VAPID key or VAPID_CLAIMS_EMAIL", origin=origin)
            standing.told_until = now + REFUSED_WAIT
        if standing.accepted_at is not None and now - standing.accepted_at < REFUSED_WAIT:
            return
        standing.refused.add(owner)
        if len(standing.refused) >= SEVERAL:
            standing.refused.clear()
            standing.stopped_until = now + REFUSED_WAIT
            self._tokens.pop(origin, None)

    def pause(self, origin: str, now: datetime) -> timedelta | None:
        """How long `origin` is still left alone because it refused this key."""
        standing = self._standings.get(origin)
        left = (standing.stopped_until or now) - now if standing else timedelta(0)
        # No pause is longer than that: the clock has been set back since.
        return left if timedelta(0) < left <= REFUSED_WAIT else None

    def _standing(self, origin: str) -> "_Standing":
        if origin not in self._standings and len(self._standings) >= _MOST:
            self._standings.pop(next(iter(self._standings)))
        return self._standings.setdefault(origin, _Standing())


class VapidKeys:
    """Our key pairs: the one that browsers are offered first, the oldest last."""

    def __init__(self, pairs: Iterable[tuple[str, str]], owner: str) -> None:
        """`pairs` of private and public keys, base64url, at least one; raises SettingsError."""
        made = [Vapid(private, public, owner) for private, public in pairs]
        self._by_key = {vapid.public_key: vapid for vapid in made}
        self._oldest = made[-1]
        self._missed: set[str] = set()

    def of(self, public_key: str | None) -> Vapid | None:
        """The pair that a browser was subscribed for; None, and a line for the operator, when it is dropped.

        Browsers of which nobody wrote down the key are older than any change of keys.
        """
        found = self._by_key.get(public_key) if public_key is not None else self._oldest
        if found is None and public_key not in self._missed:
            self._missed.add(str(public_key))
            log.warning(
                "push subscriptions were made for a VAPID key that is not set any more", public_key=public_key
            )
        return found


def _decoded(key: str) -> bytes:
    try:
        return bytes(b64urldecode(key.encode()))
    except ValueError:
        return b""
