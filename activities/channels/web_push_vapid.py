"""Who we are to a push service (RFC 8292): one signed token per key and origin, reused for hours."""

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02
from py_vapid.utils import b64urldecode

from settings import SettingsError

log = structlog.get_logger(__name__)

# RFC 8292 allows 24 hours; half of it leaves room for clocks that disagree.
_LIFETIME = timedelta(hours=12)
_REUSED = timedelta(hours=11)
# Far more origins than push services have; a made-up subdomain costs no more than a place here.
_MOST = 256


@dataclass(frozen=True)
class _Token:
    header: str
    until: datetime


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
        self._refused_until: dict[str, datetime] = {}

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

    def refused(self, origin: str, now: datetime, wait: timedelta) -> None:
        """`origin` does not like who we are: it is left alone for a while, and gets a new token then."""
        self._tokens.pop(origin, None)
        self._refused_until = {name: until for name, until in self._refused_until.items() if until > now}
        if origin not in self._refused_until:
            log.warning("push service refuses our VAPID key or VAPID_CLAIMS_EMAIL", origin=origin)
        self._refused_until[origin] = now + wait

    def pause(self, origin: str, now: datetime) -> timedelta | None:
        """How long `origin` is still left alone because it refused this key."""
        until = self._refused_until.get(origin, now)
        return until - now if until > now else None


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
