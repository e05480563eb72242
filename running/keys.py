"""Fresh keys, in the form the settings take them."""

import os
from base64 import urlsafe_b64encode
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from settings import SettingsError, load


def secret() -> str:
    """32 random bytes, base64url."""
    return _encoded(os.urandom(32))


def vapid(owner: str, kept: Sequence[tuple[str, str]] = ()) -> list[str]:
    """The three VAPID settings, a line each: a fresh key pair, then `kept` ones (private and public, base64url).

    `owner` is a mailto: or https: URL that push services may turn to; where it is empty, an example.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    number = key.private_numbers().private_value.to_bytes(32, "big")
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    private, public = zip((_encoded(number), _encoded(point)), *kept, strict=True)
    return [
        f"VAPID_PRIVATE_KEY={','.join(private)}",
        f"VAPID_PUBLIC_KEY={','.join(public)}",
        f"VAPID_CLAIMS_EMAIL={owner or 'mailto:admin@example.com'}",
    ]


def rotated(owner: str) -> list[str]:
    """The same with the key pairs, and the owner if no other is given, that are set now; raises SettingsError."""
    settings = load()
    if not settings.vapid_keys:
        raise SettingsError(
            "VAPID_PRIVATE_KEY: is not set here, so there is nothing to rotate (set DATA to the folder of `up`)"
        )
    return vapid(owner or settings.vapid_claims_email or "", settings.vapid_keys)


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
