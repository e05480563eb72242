"""What our own secret keys do: seal what must not be read at rest, and mark what must not be forged."""

import hmac
import os
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class Vault:
    """Seals and signs with the first key, opens and verifies with any; each purpose has keys of its own."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("a vault needs at least one key")
        self._keys = [key.encode() for key in keys]

    def seal(self, purpose: str, plain: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + AESGCM(_derive(self._keys[0], purpose)).encrypt(nonce, plain, purpose.encode())

    def open(self, purpose: str, sealed: bytes) -> bytes:
        """What `seal` was given; raises ValueError when no key of ours sealed it."""
        for key in self._keys:
            try:
                return AESGCM(_derive(key, purpose)).decrypt(sealed[:12], sealed[12:], purpose.encode())
            except InvalidTag:
                continue
        raise ValueError("sealed with a key that SECRET_KEYS does not hold")

    def mac(self, purpose: str, data: bytes) -> str:
        """A mark that only we can make: 43 characters, safe in URLs."""
        return _mac(self._keys[0], purpose, data)

    def macs(self, purpose: str, data: bytes) -> list[str]:
        """The mark under every key there is: what a search has to look for after a rotation."""
        return [_mac(key, purpose, data) for key in self._keys]

    def verifies(self, purpose: str, data: bytes, mark: str) -> bool:
        return any(hmac.compare_digest(known.encode(), mark.encode()) for known in self.macs(purpose, data))


@lru_cache(256)
def _derive(key: bytes, purpose: str) -> bytes:
    return hmac.digest(key, b"punctual " + purpose.encode(), sha256)


def _mac(key: bytes, purpose: str, data: bytes) -> str:
    return urlsafe_b64encode(hmac.digest(_derive(key, purpose), data, sha256)).rstrip(b"=").decode()
