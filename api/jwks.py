"""The public keys of an identity provider, fetched without blocking and kept fresh in the background."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import jwt
import structlog

from api.problems import Problem

log = structlog.get_logger(__name__)

REFRESH = 300.0
"""Seconds between refreshes in the background."""
PATIENCE = 30.0
"""Seconds before an unknown key, or a failure, makes us ask again."""
_LARGEST = 256 * 1024
# By key type. A key that names its own algorithm takes that one only; symmetric keys have no place in a public set.
_ALGORITHMS = {
    "RSA": ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
    "EC": ["ES256", "ES384", "ES512"],
    "OKP": ["EdDSA"],
}


class UnknownKey(Exception):
    """The token names a key that the identity provider does not have."""


@dataclass(frozen=True)
class Key:
    """A public key, and the algorithms its tokens may be signed with."""

    key: Any
    algorithms: list[str]


class KeySet:
    """The keys behind JWT_JWKS_URL, by their `kid`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: dict[str | None, Key] = {}
        self._asked = float("-inf")
        self._asking = asyncio.Lock()

    async def find(self, kid: str | None) -> Key:
        """Raises UnknownKey; or Problem 503 while the identity provider has never answered."""
        if self._known(kid) is None:
            async with self._asking:
                if self._known(kid) is None and time.monotonic() - self._asked >= PATIENCE:
                    await self._refresh()
        if not self._keys:
            later = {"Retry-After": str(int(PATIENCE))}
            raise Problem(503, "The identity provider's keys cannot be read now.", headers=later)
        key = self._known(kid)
        if key is None:
            raise UnknownKey
        return key

    def _known(self, kid: str | None) -> Key | None:
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    @asynccontextmanager
    async def kept_fresh(self) -> AsyncIterator[None]:
        """Refreshes in the background for as long as the block runs."""
        task = asyncio.create_task(self._keep_fresh())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _keep_fresh(self) -> None:
        while True:
            async with self._asking:
                fresh = await self._refresh()
            await asyncio.sleep(REFRESH if fresh else PATIENCE)

    async def _refresh(self) -> bool:
        """Keeps the old keys when new ones cannot be read."""
        self._asked = time.monotonic()
        try:
            self._keys = _usable(await self._fetch())
        except (aiohttp.ClientError, TimeoutError, ValueError, RecursionError) as error:
            log.warning("jwks_unreadable", error=type(error).__name__)
            return False
        return True

    async def _fetch(self) -> Any:
        body = b""
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5), raise_for_status=True) as session,
            session.get(self._url, allow_redirects=False) as answer,
        ):
            async for chunk in answer.content.iter_any():
                body += chunk
                if len(body) > _LARGEST:
                    raise ValueError("the key set is too large")
        return json.loads(body)


def _usable(document: Any) -> dict[str | None, Key]:
    """The keys that check signatures; what we cannot use does no harm to the others."""
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ValueError("not a JSON Web Key Set")
    keys: dict[str | None, Key] = {}
    for item in listed:
        allowed = _ALGORITHMS.get(str(item.get("kty")), []) if isinstance(item, dict) else []
        if not allowed or item.get("use", "sig") != "sig" or item.get("alg", allowed[0]) not in allowed:
            continue
        try:
            key = jwt.PyJWK.from_dict(item).key
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
        keys[item.get("kid")] = Key(key, [item["alg"]] if "alg" in item else allowed)
    return keys
