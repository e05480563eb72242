"""Fresh keys, in the form the settings take them."""

import os
from base64 import urlsafe_b64encode

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def secret() -> str:
    """32 random bytes, base64url."""
    return _encoded(os.urandom(32))


def vapid(owner: str) -> list[str]:
    """The three VAPID settings, a line each; `owner` is a mailto: or https: URL that push services may turn to."""
    private = ec.generate_private_key(ec.SECP256R1())
    number = private.private_numbers().private_value.to_bytes(32, "big")
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return [
        f"VAPID_PRIVATE_KEY={_encoded(number)}",
        f"VAPID_PUBLIC_KEY={_encoded(point)}",
        f"VAPID_CLAIMS_EMAIL={owner}",
    ]


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
