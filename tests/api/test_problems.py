"""Refusals that belong to no resource."""

import pytest
import structlog
from fastapi import APIRouter

from tests.api.conftest import World, assert_problem


async def test_unknown_routes_and_methods_are_problems_too(world: World) -> None:
    """404 and 405 have the same shape as every other refusal."""
    assert_problem(await world.call("GET", "/v1/nothing"), 404)
    answer = await world.call("PATCH", "/v1/events")
    assert_problem(answer, 405)
    assert answer.headers["allow"] == "POST"


async def test_a_slash_at_the_end_does_not_redirect(world: World) -> None:
    """No answer sends a client to an address made of its own Host header."""
    assert_problem(await world.call("GET", "/v1/notifications/"), 404)


async def test_what_nobody_foresaw_is_a_bare_500_and_a_log_without_its_text(world: World) -> None:
    """Neither the answer nor the log holds the error's message."""
    router = APIRouter()

    @router.get("/boom/{secret}")
    async def boom(secret: str) -> None:
        raise RuntimeError(f"the secret is {secret}")

    world.app.include_router(router)
    with structlog.testing.capture_logs() as logs:
        answer = await world.call("GET", "/boom/hunter2")
    assert_problem(answer, 500)
    assert "hunter2" not in answer.text
    assert "hunter2" not in str(logs)
    assert logs[0]["error"] == "RuntimeError"
    assert logs[0]["route"] == "/boom/{secret}"
    assert "test_problems.py" in logs[0]["frames"][-1]


async def test_queries_are_named_without_their_values(world: World) -> None:
    """A bad query parameter is named; what it held is not."""
    answer = await world.call("GET", "/v1/notifications?limit=101&status=%3Cscript%3E")
    body = assert_problem(answer, 422)
    assert [(error["in"], error["field"]) for error in body["errors"]] == [("query", "status"), ("query", "limit")]
    assert "script" not in answer.text


async def test_bad_ids_in_paths_answer_like_unknown_ones(world: World) -> None:
    """An id that nothing can have is one more unknown id, whatever is in it."""
    unknown = await world.call("GET", "/v1/notifications/unknown")
    for id_ in ("%00", "%ff", "a%20b", "x" * 129, "%F0%9F%98%80", "..%2f.."):
        answer = await world.call("GET", f"/v1/notifications/{id_}")
        assert_problem(answer, 404)
        assert answer.content == unknown.content


async def test_the_openapi_document_has_every_route_with_its_security(world: World) -> None:
    """Clients can be generated: bodies, tokens and refusals are described."""
    document = (await world.call("GET", "/openapi.json", role="")).json()
    assert {"/v1/events", "/v1/users/{id}", "/v1/notifications", "/v1/push/subscriptions", "/readyz"} <= set(
        document["paths"]
    )
    post = document["paths"]["/v1/events"]["post"]
    assert post["security"] == [{"token": []}]
    assert "application/cloudevents-batch+json" in post["requestBody"]["content"]
    assert "application/problem+json" in post["responses"]["default"]["content"]
    assert "security" not in document["paths"]["/v1/push/public-key"]["get"]
    assert (await world.call("GET", "/docs", role="")).status_code == 200


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/v1/notifications", "/v1/nothing", "/healthz", "/sw.js"])
async def test_no_answer_is_framed_or_taken_for_something_else(world: World, path: str) -> None:
    """Refusals neither."""
    answer = await world.call("GET", path)
    assert (answer.headers["x-content-type-options"], answer.headers["x-frame-options"]) == ("nosniff", "DENY")


async def test_every_route_of_an_act_is_described(world: World) -> None:
    """With its body, its one security scheme, and the header that makes it safe to repeat."""
    paths = (await world.call("GET", "/openapi.json", role="")).json()["paths"]
    for path in ("/v1/entities/{kind}/{id}/acknowledge", "/v1/entities/{kind}/{id}/snooze",
                 "/v1/entities/{kind}/{id}/remind-now", "/v1/notifications/{id}/acknowledge"):  # fmt: skip
        post = paths[path]["post"]
        assert post["security"] == [{"token": []}]
        assert "idempotency-key" in {one["name"] for one in post["parameters"] if one["in"] == "header"}
        assert ("requestBody" in post) == path.endswith("snooze")
    assert "/a/{token}" not in paths
    preview = paths["/v1/admin/policies/{kind}/preview"]["post"]
    assert preview["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/Policy")


async def test_browsers_of_our_own_origins_may_call(world: World) -> None:
    """CORS knows the public URL's origin and no other."""
    asked = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization"}
    ours = await world.http.options("/v1/notifications/1", headers={"Origin": "https://crm.example.com", **asked})
    assert ours.headers["access-control-allow-origin"] == "https://crm.example.com"
    theirs = await world.http.options("/v1/notifications/1", headers={"Origin": "https://evil.example", **asked})
    assert "access-control-allow-origin" not in theirs.headers


@pytest.mark.parametrize("path", ["/v1/notifications?search=visit", "/v1/entities?kind=appointment&colour=red"])
async def test_a_query_parameter_that_does_nothing_is_refused_by_name(world: World, path: str) -> None:
    """Its sender would believe that it did something."""
    answer = await world.call("GET", path, role="admin")
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"in": "query", "field": path.rpartition("&")[2].rpartition("?")[2].partition("=")[0],
         "detail": "is not a known parameter"}
    ]  # fmt: skip


async def test_health_answers_head_too(world: World) -> None:
    """Load balancers ask that way."""
    assert (await world.call("HEAD", "/healthz", role="")).status_code == 200
