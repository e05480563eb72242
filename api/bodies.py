"""Bodies, read strictly: UTF-8 JSON with one meaning, in the content type the route takes, within its limits."""

import json
import math
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping
from email.message import Message as Headers
from itertools import chain, count
from typing import Any, NoReturn

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.identity import Allowed
from api.problems import Problem

DEEPEST = 50
KIB = 1024
SMALL, LARGE = 256 * KIB, 8 * KIB * KIB
_DRAINED = 32 * KIB * KIB
JSON = frozenset({"application/json"})
LONGEST_TYPE = 200
"""In characters; the parser of headers breaks on some that are longer than any of use."""


def parse(raw: bytes) -> Any:
    """The JSON document in `raw`; raises Problem 400 for anything another reader might understand differently."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Problem(400, "The body is not UTF-8.") from None
    try:
        document = json.loads(text, object_pairs_hook=_distinct, parse_constant=_no_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Problem(400, f"The body is not JSON: {error.msg} at {place}.") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise Problem(400, "The body holds a number with too many digits.") from None
    _check(document, escaped="\\u" in text)
    return document


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Problem(400, "The body holds an object with the same name twice.")
    return found


def _no_constant(_: str) -> NoReturn:
    raise Problem(400, "The body is not JSON: NaN and Infinity are not numbers of JSON.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Problem(400, "The body holds a number that is too large.")
    return number


def _too_deep() -> Problem:
    return Problem(400, f"The body is nested more than {DEEPEST} levels deep.")


def _check(document: Any, *, escaped: bool) -> None:
    """Refuses deep nesting; and what only an escape can bring in: NUL and halves of surrogate pairs."""
    level = [document]
    for depth in count(1):
        for text in level if escaped else ():
            if isinstance(text, str):
                _check_text(text)
        containers = [node for node in level if isinstance(node, (dict, list))]
        if not containers:
            return
        if depth > DEEPEST:
            raise _too_deep()
        level = [part for node in containers for part in _parts(node)]


def _parts(node: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return chain(node, node.values()) if isinstance(node, dict) else node


def _check_text(text: str) -> None:
    if "\0" in text:
        raise Problem(400, "The body holds a NUL character.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Problem(400, "The body holds half of a surrogate pair.") from None


async def read(request: Request, types: Collection[str]) -> Any:
    """The JSON body of a request that must have one, in one of the content `types`."""
    _check_type(request, types)
    return parse(await Request.body(request))


def content_type(request: Request) -> str:
    """The media type without its parameters, in lower case."""
    return _content_type(request).get_content_type()


def _content_type(request: Request) -> Headers:
    headers = Headers()
    headers["content-type"] = (request.headers.get("content-type") or "text/plain")[:LONGEST_TYPE]
    return headers


def _check_type(request: Request, types: Collection[str]) -> None:
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Problem(415, "The body must not be compressed.", headers={"Accept-Encoding": "identity"})
    given = _content_type(request)
    if given.get_content_type() not in types:
        raise Problem(415, f"The body must be {' or '.join(sorted(types))}.")
    if (given.get_content_charset() or "utf-8") not in ("utf-8", "utf8", "us-ascii"):
        raise Problem(415, "The body must be in UTF-8.")


class StrictRequest(Request):
    """A request whose JSON body is read by the rules above."""

    async def body(self) -> bytes:
        raw = await super().body()
        if raw:
            _check_type(self, JSON)
        return raw

    async def json(self) -> Any:
        return parse(await self.body())


class StrictRoute(APIRoute):
    """A route that asks who is there before it reads the body, and reads it strictly; so it does with the query."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        guards = [found.call for found in self.dependant.dependencies if isinstance(found.call, Allowed)]
        known = set(_query_names(self.dependant))

        async def strictly(request: Request) -> Response:
            for guard in guards:
                await guard(request)
            _refuse_others(request, known)
            return await handle(StrictRequest(request.scope, request.receive))

        return strictly


def _query_names(dependant: Dependant) -> Iterable[str]:
    """The query parameters that a route and its dependencies take."""
    own = (field.alias for field in dependant.query_params)
    return chain(own, *(_query_names(inner) for inner in dependant.dependencies))


def _refuse_others(request: Request, known: Collection[str]) -> None:
    """A parameter that does nothing would let its sender believe that it did something."""
    others = sorted(set(request.query_params) - set(known))
    if others:
        errors = [{"in": "query", "field": name, "detail": "is not a known parameter"} for name in others[:20]]
        raise Problem(422, "The query has parameters that are not known.", errors=errors)


class BodyCap:
    """Refuses bodies that are too large with 413, before anything reads them; `caps` names paths that take more."""

    def __init__(self, app: ASGIApp, caps: Mapping[str, int]) -> None:
        self._app = app
        self._caps = caps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        cap = self._caps.get(scope["path"], SMALL)
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length", b"0")
        if not declared.isdigit() or int(declared[:20]) > cap:
            if b"expect" not in headers:
                await _drain(receive)
            return await problems.response(413, _too_large(cap))(scope, receive, send)
        read = 0

        async def capped() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > cap:
                raise Problem(413, _too_large(cap))
            return message

        return await self._app(scope, capped, send)


def _too_large(cap: int) -> str:
    return f"The body must not be larger than {cap // KIB} KiB."


async def _drain(receive: Receive) -> None:
    """Throws away a body that is on its way: whoever is cut off while sending never sees the answer."""
    read = 0
    while read < _DRAINED:
        message = await receive()
        read += len(message.get("body", b""))
        if not message.get("more_body", False):
            return
