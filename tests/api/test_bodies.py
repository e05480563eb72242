"""Bodies that must never get through, and what is said about them."""

import asyncio
import json

import httpx
import pytest

from api.bodies import BodyCap, parse
from tests.api.conftest import World, assert_problem, event
from tests.server import serving


def good(text: str) -> bytes:
    """An event whose title is replaced by `text`, as raw JSON."""
    return json.dumps(event()).replace('"Visit"', text).encode()


BAD = {
    "not JSON": (b"{", "application/json", 400),
    "empty": (b"", "application/json", 400),
    "NaN": (good("NaN"), "application/json", 400),
    "Infinity": (good("-Infinity"), "application/json", 400),
    "a number beyond floats": (good("1e999"), "application/json", 400),
    "a number with 5,000 digits": (good("1" * 5000), "application/json", 400),
    "duplicate keys": (good('"a", "title": "b"'), "application/json", 400),
    "duplicate keys at the top": (b'{"id": "1", "id": "2"}', "application/json", 400),
    "900 nested lists": (b"[" * 900 + b"]" * 900, "application/json", 400),
    "100,000 nested lists": (b"[" * 100_000 + b"]" * 100_000, "application/json", 400),
    "51 nested objects": (b'{"a":' * 51 + b"1" + b"}" * 51, "application/json", 400),
    "a lone surrogate": (good('"\\ud800"'), "application/json", 400),
    "a lone surrogate as a name": (b'{"\\udfff": 1}', "application/json", 400),
    "an escaped NUL": (good('"a\\u0000b"'), "application/json", 400),
    "a raw NUL": (good('"a\0b"'), "application/json", 400),
    "UTF-16": (good('"Visit"').decode().encode("utf-16"), "application/json", 400),
    "a byte order mark": (b"\xef\xbb\xbf{}", "application/json", 400),
    "Latin-1": ('{"a": "ä"}'.encode("latin-1"), "application/json", 400),
    "another charset": (good('"Visit"'), "application/json; charset=utf-16", 415),
    "plain text": (good('"Visit"'), "text/plain", 415),
    "a form": (b"a=1", "application/x-www-form-urlencoded", 415),
    "a content type that breaks its parser": (b"{", f"application/json; charset*{'1' * 5000}=x", 400),
    "no content type": (good('"Visit"'), "", 415),
}


@pytest.mark.parametrize("path", ["/v1/events", "/v1/users"])
@pytest.mark.parametrize("name", BAD)
async def test_bad_bodies_are_refused_and_never_echoed(world: World, name: str, path: str) -> None:
    """Whatever is wrong with a body gives a problem of the 4xx kind, on every route that takes one."""
    body, content_type, status = BAD[name]
    method = "POST" if path == "/v1/events" else "PUT"
    answer = await world.raw(method, path, body, content_type=content_type)
    if name == "empty" and path == "/v1/users":
        status = 422
    assert_problem(answer, status)
    assert "Meera" not in answer.text
    assert world.temporal.started == []


async def test_fifty_levels_are_fine() -> None:
    """The cap on nesting lets through what is just below it, and no more."""
    assert parse(b"[" * 50 + b"]" * 50)
    with pytest.raises(Exception, match="nested"):
        parse(b"[" * 51 + b"]" * 51)


async def test_escaped_pairs_and_plain_text_stay_what_they_are() -> None:
    """A whole surrogate pair is one character; an escaped backslash before `u0000` is no NUL."""
    assert parse(rb'["\ud83d\ude00", "\\u0000"]') == ["😀", "\\u0000"]


async def test_compressed_bodies_are_refused(world: World) -> None:
    """Nothing is decompressed, so nothing can explode."""
    assert_problem(await world.raw("POST", "/v1/events", b"\x1f\x8b", content_encoding="gzip"), 415)
    assert_problem(await world.raw("PUT", "/v1/users", b"\x1f\x8b", content_encoding="gzip"), 415)


async def test_too_large_bodies_are_refused_by_their_declared_length(world: World) -> None:
    """8 MiB on the route for batches, 256 KiB elsewhere."""
    large = b"[" + b" " * (300 * 1024) + b"]"
    assert_problem(await world.raw("PUT", "/v1/users", large), 413)
    assert (await world.raw("POST", "/v1/events", large)).status_code == 202
    assert_problem(await world.raw("POST", "/v1/events", b" " * (8 * 1024 * 1024 + 1)), 413)


async def test_too_large_bodies_without_a_length_are_refused_while_they_arrive(world: World) -> None:
    """A chunked body is counted."""

    async def chunks():
        for _ in range(5):
            yield b" " * 64 * 1024

    headers = {"content-type": "application/json"}
    answer = await world.call("PUT", "/v1/users", role="service", content=chunks(), headers=headers)
    assert_problem(answer, 413)


async def test_twenty_megabytes_get_an_answer_from_a_real_server(world: World) -> None:
    """The client that sends 20 MB sees the 413 and not a broken connection."""
    async with serving(world.app) as server, httpx.AsyncClient() as client:
        answer = await client.post(
            f"http://127.0.0.1:{server.port}/v1/events",
            content=b"x" * 20_000_000,
            headers={"content-type": "application/json", "authorization": f"Bearer {world.token(role='service')}"},
        )
    assert_problem(answer, 413)


async def test_who_waits_for_leave_to_send_is_refused_before_sending() -> None:
    """With `Expect: 100-continue` a body that is too large is never asked for."""
    asked, sent = [], []

    async def receive():
        asked.append(1)
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "path": "/",
        "headers": [(b"content-length", b"999999999"), (b"expect", b"100-continue")],
    }
    await BodyCap(asyncio.sleep, {})(scope, receive, send)  # type: ignore[arg-type]
    assert sent[0]["status"] == 413
    assert asked == []


async def test_who_may_not_post_is_told_so_before_the_body_is_read(world: World) -> None:
    """401 and 403 come before anything that is wrong with the body."""
    headers = {"content-type": "application/json"}
    assert_problem(await world.call("PUT", "/v1/users", role="", content=b"{", headers=headers), 401)
    assert_problem(await world.call("PUT", "/v1/users", role="user", content=b"{", headers=headers), 403)
    assert_problem(await world.call("POST", "/v1/events", role="", content=b"{", headers=headers), 401)
