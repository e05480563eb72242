"""Tokens: which are good, and what is said about the others."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from api import jwks
from tests.api.conftest import SECRETS, Build, World, assert_problem

GOOD: dict[str, Any] = {"sub": "asha", "tenant": "acme", "role": "user"}
PATH = "/v1/notifications"


def claims(**changes: Any) -> dict[str, Any]:
    """Good claims with changes; None leaves one out."""
    merged = {**GOOD, "exp": int(time.time()) + 60, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def signed(secret: str = SECRETS[0], algorithm: str = "HS256", **changes: Any) -> str:
    return jwt.encode(claims(**changes), secret, algorithm)


BAD = {
    "nothing": "",
    "rubbish": "rubbish",
    "three dots": "a.b.c",
    "alg none": jwt.encode(claims(), None, "none"),
    "HS512 with our secret": signed(SECRETS[0] * 2, "HS512"),
    "another secret": signed("another-secret-of-at-least-32-characters"),
    "expired": signed(exp=int(time.time()) - 1),
    "not yet valid": signed(nbf=int(time.time()) + 60),
    "no exp": signed(exp=None),
    "no sub": signed(sub=None),
    "no tenant": signed(tenant=None),
    "no role": signed(role=None),
    "exp is infinite": signed(exp=float("1e308") * 10),
    "exp is a word": signed(exp="tomorrow"),
    "sub is a number": signed(sub="a b"),
    "tenant with a slash": signed(tenant="acme/other"),
    "tenant is a list": signed(tenant=["acme"]),
    "an unknown role": signed(role="root"),
    "far too long": signed(role="user", more="x" * 9000),
    "a deep header": "W1tb" * 2500 + ".e30.",
}


@pytest.mark.parametrize("name", BAD)
async def test_bad_tokens_are_401(world: World, name: str) -> None:
    """Forged, incomplete and expired tokens are all refused in the same way."""
    answer = await world.call("GET", PATH, role="", headers={"Authorization": f"Bearer {BAD[name]}"})
    assert_problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_missing_token_is_401_and_says_how(world: World) -> None:
    """The challenge names the scheme; another scheme is as good as none."""
    for headers in ({}, {"Authorization": "Basic YTpi"}):
        answer = await world.call("GET", PATH, role="", headers=headers)
        assert_problem(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_every_secret_verifies(world: World) -> None:
    """Tokens signed before a rotation stay good; extra claims such as `aud` and a clock ahead of ours do no harm."""
    for secret in SECRETS:
        token = signed(secret, aud="crm", iat=int(time.time()) + 5)
        answer = await world.call("GET", PATH, role="", headers={"Authorization": f"bearer {token}"})
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/v1/events", {"service", "admin"}),
        ("PUT", "/v1/users", {"service", "admin"}),
        ("PUT", "/v1/users/a", {"service", "admin"}),
        ("GET", "/v1/users", {"service", "admin"}),
        ("GET", "/v1/users/a", {"service", "admin"}),
        ("DELETE", "/v1/users/a", {"service", "admin"}),
        ("GET", "/v1/users/a/export", {"service", "admin"}),
        ("GET", "/v1/entities", {"service", "admin", "user"}),
        ("GET", "/v1/entities/appointment/1", {"service", "admin", "user"}),
        ("GET", "/v1/catalogue", {"service", "admin", "user"}),
        ("GET", "/v1/admin/policies/appointment", {"admin"}),
        ("PUT", "/v1/admin/policies/appointment", {"admin"}),
        ("GET", "/v1/notifications", {"user", "admin"}),
        ("GET", "/v1/notifications/unread-count", {"user", "admin"}),
        ("GET", "/v1/notifications/1", {"user", "admin"}),
        ("PATCH", "/v1/notifications/1", {"user", "admin"}),
        ("POST", "/v1/notifications/mark-all-read", {"user", "admin"}),
        ("POST", "/v1/push/subscriptions", {"user", "admin"}),
        ("GET", "/v1/push/subscriptions", {"user", "admin"}),
        ("DELETE", "/v1/push/subscriptions/1", {"user", "admin"}),
        ("POST", "/v1/push/unsubscribe", {"user", "admin"}),
    ],
)
async def test_roles_decide(world: World, method: str, path: str, allowed: set[str]) -> None:
    """Each route lets in exactly the roles of the contract: a wrong one is 403, no token 401."""
    assert_problem(await world.call(method, path, role=""), 401)
    for role in ("user", "admin", "service"):
        answer = await world.call(method, path, role=role)
        assert (answer.status_code == 403) == (role not in allowed), (role, answer.text)
        if role not in allowed:
            assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope"'


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())


class Provider:
    """An identity provider that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.was_asked = asyncio.Event()
        self.keys: list[dict[str, Any]] = []
        self.status = 200

    def publish(self, **keys: Any) -> None:
        algorithms: dict[str, Any] = {"rsa": RSAAlgorithm, "ec": ECAlgorithm}
        self.keys = [
            {**algorithms[kid].to_jwk(key.public_key(), as_dict=True), "kid": kid} for kid, key in keys.items()
        ]

    async def answer(self, _: web.Request) -> web.Response:
        self.asked += 1
        self.was_asked.set()
        return web.json_response({"keys": self.keys}, status=self.status)


@asynccontextmanager
async def providing() -> AsyncIterator[tuple[Provider, str]]:
    provider = Provider()
    app = web.Application()
    app.router.add_get("/jwks", provider.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield provider, f"http://127.0.0.1:{port}/jwks"
    finally:
        await runner.cleanup()


async def asked_with(world: World, token: str) -> int:
    answer = await world.call("GET", PATH, role="", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code


async def test_an_identity_provider_takes_the_place_of_our_secrets(build: Build) -> None:
    """With JWT_JWKS_URL its keys count and ours do not; and none of its public keys is taken for a secret."""
    async with providing() as (provider, url):
        provider.publish(rsa=RSA, ec=EC)
        world = build(jwt_jwks_url=url)
        assert await asked_with(world, jwt.encode(claims(), RSA, "RS256", headers={"kid": "rsa"})) == 200
        assert await asked_with(world, jwt.encode(claims(), RSA, "PS512", headers={"kid": "rsa"})) == 200
        assert await asked_with(world, jwt.encode(claims(), EC, "ES256", headers={"kid": "ec"})) == 200
        assert await asked_with(world, jwt.encode(claims(), EC, "ES256", headers={"kid": "rsa"})) == 401
        assert await asked_with(world, jwt.encode(claims(), EC, "ES256")) == 401
        assert await asked_with(world, jwt.encode(claims(exp=1), RSA, "RS256", headers={"kid": "rsa"})) == 401
        assert await asked_with(world, jwt.encode(claims(), SECRETS[0], "HS256", headers={"kid": "rsa"})) == 401
        assert await asked_with(world, jwt.encode(claims(), None, "none", headers={"kid": "rsa"})) == 401
        assert provider.asked == 1


async def test_a_rotated_key_is_found_and_an_unknown_one_asks_once_in_a_while(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown `kid` refreshes the keys, but nobody can make us ask again and again."""
    async with providing() as (provider, url):
        provider.publish(rsa=RSA)
        world = build(jwt_jwks_url=url)
        new = jwt.encode(claims(), EC, "ES256", headers={"kid": "ec"})
        assert await asked_with(world, new) == 401
        provider.publish(rsa=RSA, ec=EC)
        assert await asked_with(world, new) == 401
        assert provider.asked == 1
        monkeypatch.setattr(jwks, "PATIENCE", 0)
        assert await asked_with(world, new) == 200
        assert provider.asked == 2


async def test_while_the_provider_has_never_answered_nobody_is_called_a_forger(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without keys the answer is 503; once there were some, an outage changes nothing for their tokens."""
    monkeypatch.setattr(jwks, "PATIENCE", 0)
    async with providing() as (provider, url):
        provider.status = 500
        world = build(jwt_jwks_url=url)
        token = jwt.encode(claims(), RSA, "RS256", headers={"kid": "rsa"})
        assert await asked_with(world, token) == 503
        provider.status = 200
        provider.publish(rsa=RSA)
        assert await asked_with(world, token) == 200
    assert await asked_with(world, token) == 200
    assert await asked_with(world, jwt.encode(claims(), EC, "ES256", headers={"kid": "ec"})) == 401


async def test_keys_are_fetched_in_the_background_from_the_start(build: Build) -> None:
    """The first caller does not wait for the provider."""
    async with providing() as (provider, url):
        provider.publish(rsa=RSA)
        world = build(jwt_jwks_url=url)
        async with world.app.router.lifespan_context(world.app):
            await provider.was_asked.wait()
            async with world.app.state.verifier.keys._asking:
                provider.keys = []
            assert await asked_with(world, jwt.encode(claims(), RSA, "RS256", headers={"kid": "rsa"})) == 200
        assert provider.asked == 1


def test_symmetric_and_encryption_keys_in_a_set_are_left_out() -> None:
    """A published secret is no key; neither is one that is for something else, nor one we cannot read."""
    public = RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True)
    document = {
        "keys": [
            {"kty": "oct", "k": "c2VjcmV0", "kid": "oct"},
            {**public, "use": "enc", "kid": "enc"},
            {**public, "alg": "HS256", "kid": "hs"},
            {"kty": "RSA", "n": "?", "kid": "broken"},
            "not even an object",
            {**public, "alg": "RS384", "kid": "good"},
        ]
    }
    usable = jwks._usable(document)
    assert list(usable) == ["good"]
    assert usable["good"].algorithms == ["RS384"]
