"""`GET /v1/catalogue`."""

import pytest

import catalogue
from punctual.channels import CHANNELS
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


async def test_every_channel_is_listed_with_what_it_carries_by_itself(world: World) -> None:
    """So that a page that lets people choose need not know the channels."""
    channels = (await world.call("GET", "/v1/catalogue", role="user")).json()["channels"]
    assert [channel["name"] for channel in channels] == list(CHANNELS)
    assert {channel["name"]: channel["default"] for channel in channels}.items() >= {
        ("inbox", "always"), ("email", "important"), ("sms", "chosen"),
    }  # fmt: skip
    assert [channel["name"] for channel in channels if channel["digests"]] == ["email"]


async def test_strangers_do_not_read_the_catalogue(world: World) -> None:
    """No token, no answer."""
    assert_problem(await world.call("GET", "/v1/catalogue", role=""), 401)
