"""Who is calling: bearer JWTs with the claims `sub`, `tenant`, `role` and `exp`, all required."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import jwt
from fastapi.openapi.models import HTTPBearer
from fastapi.params import Depends as DependsParam
from fastapi.security.base import SecurityBase
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import HTTPConnection

from api.jwks import KeySet, UnknownKey
from api.problems import Problem
from punctual.wire import Id
from settings import Settings

Role = Literal["user", "admin", "service"]
_LONGEST_TOKEN = 8192
_SYMMETRIC = ["HS256"]
# What a token may lack is our own business; `aud` and `iat` are the issuer's.
_OPTIONS: Any = {"require": ["exp", "sub", "tenant", "role"], "verify_aud": False, "verify_iat": False}


class BadToken(Exception):
    """The token is not one we accept."""


class Caller(BaseModel):
    """Whom a token names: `exp` in seconds since 1970."""

    model_config = ConfigDict(frozen=True)

    user_id: Id = Field(alias="sub")
    tenant: Id
    role: Role
    exp: float


class Verifier:
    """Reads tokens: by the JWKS of an identity provider if there is one, else by our own secret keys."""

    def __init__(self, settings: Settings) -> None:
        self._secrets = settings.secrets
        self.keys = KeySet(settings.jwt_jwks_url) if settings.jwt_jwks_url else None

    async def verify(self, token: str) -> Caller:
        """Raises BadToken; or Problem 503 while the identity provider has never answered."""
        if len(token) > _LONGEST_TOKEN:
            raise BadToken
        try:
            return Caller.model_validate(await self._claims(token))
        except (jwt.PyJWTError, UnknownKey, ValidationError, ValueError, TypeError, OverflowError, RecursionError):
            raise BadToken from None

    async def _claims(self, token: str) -> dict[str, Any]:
        if self.keys is not None:
            key = await self.keys.find(jwt.get_unverified_header(token).get("kid"))
            return jwt.decode(token, key.key, algorithms=key.algorithms, options=_OPTIONS)
        for secret in self._secrets:
            try:
                return jwt.decode(token, secret.encode(), algorithms=_SYMMETRIC, options=_OPTIONS)
            except jwt.InvalidSignatureError:
                continue
        raise BadToken


def mint(secrets: Sequence[str], tenant: str, user: str, role: str, ttl: timedelta) -> str:
    """A token signed with the first secret; raises ValueError for ids or a role that no caller can have."""
    now = datetime.now(UTC)
    claims = {"sub": user, "tenant": tenant, "role": role, "exp": int((now + ttl).timestamp())}
    Caller.model_validate(claims)
    return jwt.encode({**claims, "iat": int(now.timestamp())}, secrets[0].encode(), _SYMMETRIC[0])


class Allowed(SecurityBase):
    """The dependency that lets callers with one of `roles` in: 401 without a good token, 403 with a wrong role."""

    def __init__(self, roles: Sequence[Role]) -> None:
        self.model = HTTPBearer(bearerFormat="JWT")
        self.scheme_name = "token"
        self.roles = frozenset(roles)

    async def __call__(self, request: HTTPConnection) -> Caller:
        who: Caller = request.scope.get("punctual.caller") or await _authenticate(request)
        request.scope["punctual.caller"] = who
        if who.role not in self.roles:
            raise Problem(
                403,
                f"This needs the role {' or '.join(sorted(self.roles))}.",
                headers={"WWW-Authenticate": 'Bearer error="insufficient_scope"'},
            )
        return who


async def _authenticate(request: HTTPConnection) -> Caller:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Problem(401, "This needs a bearer token.", headers={"WWW-Authenticate": "Bearer"})
    try:
        verifier: Verifier = request.app.state.verifier
        return await verifier.verify(token.strip())
    except BadToken:
        headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise Problem(401, "The token is malformed, forged or expired.", headers=headers) from None


def caller(*roles: Role) -> Any:
    """`Annotated[Caller, caller("admin")]`: the caller, if it has one of `roles`."""
    return DependsParam(Allowed(roles))
