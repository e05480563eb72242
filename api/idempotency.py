"""`Idempotency-Key`: the same request again within a day answers as before, and does nothing twice."""

import hashlib
from typing import Annotated

from fastapi import Depends, Header, Request

from api.deps import Admin
from api.problems import Problem


def _key(
    request: Request,
    who: Admin,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255)] = None,
) -> str | None:
    if idempotency_key is None:
        return None
    return digest(who.user_id, request.url.path, idempotency_key)


IdempotencyKey = Annotated[str | None, Depends(_key)]
"""The caller's key on this path, as the store keeps it; None without one."""


def digest(*parts: str) -> str:
    """The same for the same parts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def used_otherwise() -> Problem:
    """The key came with another request before."""
    detail = "was used for another request"
    errors = [{"in": "header", "field": "idempotency-key", "detail": detail}]
    return Problem(422, "The Idempotency-Key cannot be used.", errors=errors)
