"""The way to the push services: one kept-alive session that connects to checked addresses only."""

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from contextlib import suppress

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from punctual.push_endpoints import Origin, PushEndpoint

ANSWER_LIMIT = 8192
"""Bytes of an answer that are read, and only so that the connection can be used again."""
_ANSWER_PATIENCE = 1.0
_KEPT_ALIVE = 60.0

_UNICAST = ipaddress.IPv6Network("2000::/3")
# Inside the public ranges by some readings, yet they lead into other networks or nowhere.
_DETOURS = [
    ipaddress.ip_network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2002::/16", "3fff::/20")
]


def is_public(address: str) -> bool:
    """Whether `address` is one host of the public internet: no private, mapped, tunnelled or multicast address."""
    found = ipaddress.ip_address(address)
    if not found.is_global or found.is_multicast or any(found in network for network in _DETOURS):
        return False
    return found.version == 4 or found in _UNICAST


class PublicResolver(AbstractResolver):
    """Resolves a name to its public addresses; to all of them for a host and port that the operator allowed.

    The connection is made to the very address that was checked.
    """

    def __init__(self, allowed: frozenset[Origin], names: AbstractResolver | None = None) -> None:
        self._allowed = {(origin.host, origin.port) for origin in allowed}
        self._names = names or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._names.resolve(host, port, family)
        if (host, port) not in self._allowed:
            found = [one for one in found if is_public(one["host"])]
        if not found:
            raise OSError(f"{host} has no public address")
        return found

    async def close(self) -> None:
        await self._names.close()


class PushHttp:
    """Posts to checked endpoints. The session opens on first use, in the loop that uses it."""

    def __init__(self, allowed: frozenset[Origin], names: AbstractResolver | None = None) -> None:
        self._allowed = allowed
        self._names = names
        self._session: ClientSession | None = None

    async def post(
        self, endpoint: PushEndpoint, headers: Mapping[str, str], body: bytes, until: float
    ) -> tuple[int, str | None]:
        """The status and the Retry-After of the answer, which must begin before the loop's time is `until`.

        Raises TimeoutError, OSError or aiohttp.ClientError when there is none. Redirects are answers like others.
        """
        if self._session is None:
            self._session = self._open()
        async with asyncio.timeout_at(until):
            response = await self._session.post(
                URL(endpoint.url, encoded=True), data=body, headers=headers, allow_redirects=False
            )
        try:
            with suppress(TimeoutError, ClientError, OSError):
                async with asyncio.timeout(_ANSWER_PATIENCE):
                    await response.content.readexactly(ANSWER_LIMIT)
        except asyncio.IncompleteReadError:
            pass  # it was shorter, as answers are
        finally:
            response.release()
        return response.status, response.headers.get("Retry-After")

    def _open(self) -> ClientSession:
        # Callers bound how many they send at once; waiting for a free connection here would eat their deadline.
        connector = TCPConnector(
            limit=0, resolver=PublicResolver(self._allowed, self._names), keepalive_timeout=_KEPT_ALIVE
        )
        return ClientSession(
            connector=connector,
            cookie_jar=DummyCookieJar(),
            timeout=ClientTimeout(total=None),
            auto_decompress=False,
            trust_env=False,
            headers={"User-Agent": "punctual"},
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
