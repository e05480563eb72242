"""`GET /v1/catalogue`."""

import pytest

import catalogue
from tests.api.conftest import World, assert_problem

PROMISED = {
    "type", "category", "priority", "channels", "mandatory", "digestible", "audience", "fields", "aliases", "example",
}  # fmt: skip


@pytest.mark.parametrize("role", ["user", "service", "admin"])
async def test_every_type_is_listed_with_what_it_declares(world: World, role: str) -> None:
    """Anybody with a token reads all types in order, each with the contract's fields."""
    answer = await world.call("GET", "/v1/catalogue", role=role)
    assert answer.status_code == 200
    items = answer.json()["items"]
    assert [item["type"] for item in items] == sorted(catalogue.load())
    assert all(item.keys() >= PROMISED for item in items)
    (lead,) = (item for item in items if item["type"] == "lead.stage_changed")
    assert lead["fields"][:2] == ["id", "name"]
    assert lead["required"] == ["name", "stage"]
    assert lead["entity"] is None
    (reminder,) = (item for item in items if item["type"] == "appointment.reminder")
    assert reminder["entity"] == "appointment"
    assert {"id", "title", "starts_at", "assignee_ids"} <= set(reminder["required"])
    assert reminder["lifetime"] == "P7D"


async def test_strangers_do_not_read_the_catalogue(world: World) -> None:
    """No token, no answer."""
    assert_problem(await world.call("GET", "/v1/catalogue", role=""), 401)
