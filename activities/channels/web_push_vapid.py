"""Who we are to a push service (RFC 8292): one signed token per origin, reused for hours."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02
from py_vapid.utils import b64urldecode

from settings import SettingsError

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
            raise SettingsError("VAPID_PRIVATE_KEY: is not a key (`punctual keys vapid` prints a pair)") from None
        # The library's own idea of an owner is narrower than the standard's; ours is checked by the settings.
        self._vapid.conf = {"no-strict": True}
        own = self._vapid.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        if own != _decoded(public_key):
            raise SettingsError("VAPID_PUBLIC_KEY: does not belong to VAPID_PRIVATE_KEY")
        self._owner = owner
        self._tokens: dict[str, _Token] = {}

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

    def forget(self, origin: str) -> None:
        """Signs anew next time: the origin did not like what it got."""
        self._tokens.pop(origin, None)


def _decoded(key: str) -> bytes:
    try:
        return bytes(b64urldecode(key.encode()))
    except ValueError:
        return b""
