"""Push endpoints: addresses that browsers hand us, and that a person could have made up.

Only one spelling of each address is accepted, by one grammar, so that no two parsers can read two hosts in it.
"""

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from punctual.errors import UnsafeUrl

SERVICES = (
    "fcm.googleapis.com",
    "jmt17.google.com",
    "updates.push.services.mozilla.com",
    "web.push.apple.com",
    "notify.windows.com",
)
"""The push services of the browsers; hosts below these are theirs too."""

_LONGEST = 2000
_PORTS = {"https": 443, "http": 80}
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The last label begins with a letter: browsers read a host that ends in a number as an IPv4 address.
_NAME = re.compile(rf"(?:{_LABEL}\.)*[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?")
_AUTHORITY = r"(?P<host>[A-Za-z0-9.-]{1,253})(?::(?P<port>[1-9][0-9]{0,4}))?"
_ENDPOINT = re.compile(
    rf"(?P<scheme>[Hh][Tt][Tt][Pp][Ss]?)://{_AUTHORITY}(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{{2}})*)?"
)
_ALLOWED = re.compile(rf"(?:(?P<scheme>https?)://)?{_AUTHORITY}/?")


class Origin(NamedTuple):
    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"


@dataclass(frozen=True)
class PushEndpoint:
    """A checked endpoint. `private_allowed`: the operator named this host, so its address may be a private one."""

    url: str = field(repr=False)
    scheme: str
    host: str
    port: int
    origin: str
    private_allowed: bool


def check(endpoint: str, allowed: Collection[str] = ()) -> PushEndpoint:
    """The endpoint if it belongs to a known push service or to one of `allowed` (PUSH_ALLOWED_HOSTS); else UnsafeUrl.

    Raises ValueError when `allowed` itself is malformed.
    """
    match = _ENDPOINT.fullmatch(endpoint) if len(endpoint) <= _LONGEST else None
    if match is None:
        raise UnsafeUrl("is not the URL of a push service")
    scheme = match["scheme"].lower()
    origin = Origin(scheme, match["host"].lower(), int(match["port"] or _PORTS[scheme]))
    private_allowed = origin in allowed_origins(tuple(allowed))
    known = scheme == "https" and origin.port == 443 and _is_service(origin.host)
    if not (known or private_allowed):
        raise UnsafeUrl("is not the URL of a known push service, nor of one that PUSH_ALLOWED_HOSTS names")
    return PushEndpoint(endpoint, *origin, str(origin), private_allowed)


@cache
def allowed_origins(allowed: tuple[str, ...]) -> frozenset[Origin]:
    """PUSH_ALLOWED_HOSTS as origins; raises ValueError that names the first entry that cannot be used."""
    return frozenset(map(_allowed_origin, allowed))


def _allowed_origin(entry: str) -> Origin:
    match = _ALLOWED.fullmatch(entry)
    host = match["host"].lower() if match else ""
    if match is None or not (_NAME.fullmatch(host) or _address(host)) or int(match["port"] or 1) > 65535:
        raise ValueError(
            f"must hold hosts, host:port pairs or origins such as https://push.example:8443, not {entry!r}"
        )
    scheme = match["scheme"] or "https"
    if scheme == "http" and not _is_loopback(host):
        raise ValueError(f"allows plain http for a loopback host only, not for {entry!r}")
    return Origin(scheme, host, int(match["port"] or _PORTS[scheme]))


def _is_service(host: str) -> bool:
    if _NAME.fullmatch(host) is None:
        return False
    return any(host == service or host.endswith(f".{service}") for service in SERVICES)


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return address.is_loopback if address else host == "localhost"


def _address(host: str) -> ipaddress.IPv4Address | None:
    try:
        return ipaddress.IPv4Address(host)
    except ValueError:
        return None
