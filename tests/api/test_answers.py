"""What `/openapi.json` says of answers is what they are."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from api import answers
from api.live_messages import Notification
from api.story import Story
from punctual.preferences import Preferences
from tests.api.conftest import World

INBOX = "/v1/notifications"
CALLS: dict[tuple[str, str], tuple[Any, Any]] = {
    ("GET", INBOX): (answers.Page, None),
    ("GET", f"{INBOX}/unread-count"): (answers.Count, None),
    ("POST", f"{INBOX}/mark-all-read"): (answers.Count, {}),
    ("POST", f"{INBOX}/bulk"): (answers.Changed, {"ids": ["n1"], "action": "archive"}),
    ("GET", f"{INBOX}/{{id}}"): (Notification, None),
    ("GET", f"{INBOX}/{{id}}/deliveries"): (Story, None),
    ("PATCH", f"{INBOX}/{{id}}"): (Notification, {"read": False}),
    ("DELETE", INBOX): (answers.Deleted, None),
    ("GET", "/v1/preferences"): (Preferences, None),
    ("PUT", "/v1/preferences"): (Preferences, {}),
    ("GET", "/v1/me"): (answers.Me, None),
    ("GET", "/v1/me/mail"): (answers.Mail, None),
}


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_an_answer_is_as_documented(world: World, method: str, path: str) -> None:
    """Every field of the answer is in the schema, and the other way round."""
    model, body = CALLS[method, path]
    await world.notify("asha", "n1")
    query = {"status": "read"} if method == "DELETE" else None
    answer = await world.call(method, path.replace("{id}", "n1"), json=body, params=query)
    assert answer.status_code == 200, answer.text
    TypeAdapter(model).validate_json(answer.content, strict=True)
    document = (await world.call("GET", "/openapi.json")).json()
    schema = document["paths"][path][method.lower()]["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": f"#/components/schemas/{schema['$ref'].rsplit('/', 1)[-1]}"}
    documented = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    assert set(documented["properties"]) == set(answer.json())
