"""What the values of settings mean: parsed here, refused here with a ValueError that says what to write instead."""

import re
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey, derive_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)
from email_validator import EmailNotValidError, validate_email

from punctual.channels import CHANNELS


def parts(text: str) -> list[str]:
    """What stands between commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def check_sender(sender: str) -> None:
    """`Name <address>` or an address."""
    address = re.sub(r"^[^<>\r\n]*<([^<>]+)>$", r"\1", sender)
    try:
        validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(f"must be one address: {error}") from None


def check_email_url(url: str) -> None:
    """`outbox:`, `sendgrid:` or an SMTP server."""
    if url in ("outbox:", "sendgrid:"):
        return
    try:
        server = urlsplit(url)
        is_server = server.scheme == "smtp" and bool(server.hostname) and server.port != 0
    except ValueError:
        is_server = False
    if not is_server or re.search("%(?![0-9A-Fa-f]{2})", url):
        raise ValueError(
            "must be outbox:, sendgrid: or smtp://user:password@host:587, special characters percent-encoded"
        )


def check_vapid_pair(private: str, public: str) -> None:
    """Two keys of P-256, base64url, that belong together."""
    try:
        data = urlsafe_b64decode(private + "=" * (-len(private) % 4))
        key: Any = (
            derive_private_key(int.from_bytes(data, "big"), SECP256R1())
            if len(data) == 32
            else load_der_private_key(data, None)
        )
        own = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    except (ValueError, TypeError, AttributeError, UnsupportedAlgorithm):
        raise ValueError("VAPID_PRIVATE_KEY: holds what is no key (`punctual keys vapid` prints one)") from None
    if urlsafe_b64encode(own).rstrip(b"=").decode() != public.rstrip("="):
        raise ValueError("VAPID_PUBLIC_KEY: does not belong to VAPID_PRIVATE_KEY")


def check_api_host(host: str) -> None:
    """An origin, https but for this machine."""
    if not re.fullmatch(r"https://[A-Za-z0-9.-]+(:\d{1,5})?|http://(localhost|127\.0\.0\.1)(:\d{1,5})?", host):
        raise ValueError("must be https://host, without a path; http only for this machine")


def check_webhook_key(key: str) -> None:
    """Base64 of a DER public key on an elliptic curve."""
    try:
        found = load_der_public_key(b64decode(key, validate=True))
    except (ValueError, UnsupportedAlgorithm):
        found = None
    if not isinstance(found, EllipticCurvePublicKey):
        raise ValueError("must be the verification key that SendGrid shows: base64 of an ECDSA key")


def parse_targets(text: str) -> dict[str, str]:
    """`name=URL` pairs, separated by spaces or new lines."""
    targets: dict[str, str] = {}
    for pair in text.split():
        name, equals, url = pair.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z0-9._~-]{1,128}", name) or not re.match(r"[a-z0-9]+://.", url):
            # The URL is a secret, and so perhaps is what was taken for a name.
            raise ValueError("must hold name=URL pairs with Apprise URLs, separated by spaces")
        targets[name] = url
    return targets


def parse_rates(pairs: list[str]) -> dict[str, float]:
    """`channel:number` pairs, such as `email:10`; the number is of sends a second."""
    rates: dict[str, float] = {}
    for pair in pairs:
        name, _, number = pair.partition(":")
        slow = [spec.name for spec in CHANNELS.values() if spec.slow]
        if name not in slow or not re.fullmatch(r"\d{1,6}(\.\d{1,6})?", number) or float(number) == 0:
            raise ValueError(f"must hold pairs such as email:10 (sends a second), of {', '.join(slow)}")
        rates[name] = float(number)
    return rates


def parse_payload_keys(text: str) -> dict[str, bytes]:
    """`id:base64url of 32 bytes`, comma-separated, or `off`."""
    if text.strip().lower() == "off":
        return {}
    keys: dict[str, bytes] = {}
    for part in text.split(","):
        id_, colon, encoded = part.strip().partition(":")
        try:
            key = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        except ValueError:
            key = b""
        if not colon or not id_ or len(key) != 32:
            raise ValueError("must be `off` or id:KEY pairs, each KEY base64url of 32 bytes")
        keys[id_] = key
    return keys
