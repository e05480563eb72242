"""Every refusal as RFC 9457 problem details, `application/problem+json`; nothing a client sent is echoed.

`{"type", "title", "status", "detail", "code", "errors": [...]}`, where `code` names why an act was refused, each
error of a body is `{"pointer": "/3/data/starts_at", "field": "data.starts_at", "index": 3, "detail"}` (`index` in
lists only), and each error of a query or header is `{"in": "query", "field", "detail"}`.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from punctual.errors import FieldProblem, InvalidEvent, InvalidPolicy, UnsafeUrl, frames
from punctual.wire import where, words

log = structlog.get_logger(__name__)

# The same words whether the thing does not exist or belongs to somebody else.
NOT_FOUND = "There is nothing here, or it is not yours to see."
_LONGEST_NAME = 64

OPENAPI: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Problem details (RFC 9457)",
        "content": {
            "application/problem+json": {
                "schema": {
                    "type": "object",
                    "required": ["type", "title", "status", "detail"],
                    "properties": {
                        "type": {"type": "string"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "detail": {"type": "string"},
                        "code": {"type": "string"},
                        "errors": {"type": "array", "items": {"type": "object"}},
                    },
                }
            }
        },
    }
}


class Problem(HTTPException):
    """A refusal; raise it anywhere in a request."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Iterable[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(status, detail, dict(headers) if headers else None)
        self.errors = [dict(error) for error in errors]
        self.code = code


def not_found() -> Problem:
    """What an unknown id and another tenant's id both answer."""
    return Problem(404, NOT_FOUND)


def unprocessable(
    problems: Iterable[FieldProblem], *, batch: bool = False, status: int = 422, code: str | None = None
) -> Problem:
    """The refused fields of a body; in a `batch` the first part of each path is the item's index."""
    detail = "The request has fields that cannot be accepted."
    return Problem(status, detail, errors=_errors(problems, batch), code=code)


def response(
    status: int,
    detail: str,
    *,
    errors: Iterable[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
    code: str | None = None,
) -> JSONResponse:
    """Problem details as an answer."""
    title = HTTPStatus(status).phrase
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if code is not None:
        body["code"] = code
    if listed := list(errors):
        body["errors"] = listed
    return JSONResponse(body, status, headers=headers, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Makes `app` answer every refusal this way; what nobody foresaw is for `Guard`."""

    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> JSONResponse:
        if not isinstance(error, Problem):
            detail = NOT_FOUND if error.status_code == 404 else str(error.detail)
            return response(error.status_code, detail, headers=error.headers)
        return response(
            error.status_code, str(error.detail), errors=error.errors, headers=error.headers, code=error.code
        )

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        items = error.errors()
        if any(item["loc"][0] == "path" for item in items):
            return await refused(request, not_found())
        return await refused(request, _invalid(items))

    @app.exception_handler(InvalidEvent)
    @app.exception_handler(InvalidPolicy)
    async def fields(request: Request, error: InvalidEvent | InvalidPolicy) -> JSONResponse:
        return await refused(request, unprocessable(error.problems))

    @app.exception_handler(UnsafeUrl)
    async def unsafe(_: Request, error: UnsafeUrl) -> JSONResponse:
        return response(422, f"The URL {error}.")


def _invalid(items: Iterable[Any]) -> Problem:
    body, others = [], []
    for item in items:
        part, *path = where(item)
        if part == "body":
            body.append(FieldProblem(tuple(path), words(item)))
        else:
            others.append({"in": part, "field": ".".join(map(str, path)), "detail": words(item)})
    problem = unprocessable(body, batch=any(path.path and isinstance(path.path[0], int) for path in body))
    problem.errors += others
    return problem


def _errors(problems: Iterable[FieldProblem], batch: bool) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for problem in problems:
        # The last part may be a name that the client made up: as much of it as tells which one.
        path = tuple(part[:_LONGEST_NAME] if isinstance(part, str) else part for part in problem.path)
        inner = path[1:] if batch else path
        error: dict[str, Any] = {
            "pointer": FieldProblem(path, "").pointer,
            "field": ".".join(map(str, inner)),
            "detail": problem.detail,
        }
        if batch and path:
            error["index"] = path[0]
        found.append(error)
    return found


class Guard:
    """Answers what nobody foresaw with a bare 500. The log gets its type and place, never its text or its values."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            return None
        except Exception as error:
            report(error, getattr(scope.get("route"), "path", None))
            if not started:
                await response(500, "Something went wrong on our side.")(scope, receive, send)


def report(error: BaseException, route: str | None) -> None:
    """Logs an unforeseen error without its message: that may hold what a user wrote, or a secret."""
    log.error("unexpected_error", error=type(error).__name__, route=route, frames=frames(error))
