"""A push asked for by the one who wants to know whether pushes arrive."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.rendering import render
from api import push
from tests.api.conftest import Build, World, assert_problem
from tests.api.test_push import browser, subscribe
from tests.channels.push_service import KeyPair

PAIR = KeyPair()
KEYS = {
    "vapid_private_key": PAIR.private, "vapid_public_key": PAIR.public, "vapid_claims_email": "mailto:a@example.com",
}  # fmt: skip
NOON = datetime(2026, 11, 20, 12, 0, 3, tzinfo=UTC)
PATH = "/v1/push/test"


@pytest.fixture
async def ready(build: Build) -> World:
    """A server that can push, and asha's browser."""
    world = build(**KEYS)
    await subscribe(world, browser())
    return world


async def ask(world: World, at: datetime, monkeypatch: pytest.MonkeyPatch, **who: Any) -> Any:
    monkeypatch.setattr(push, "now", lambda: at)
    answer = await world.call("POST", PATH, **who)
    assert answer.status_code == 202, answer.text
    return answer.json()


async def test_a_test_goes_the_way_of_every_event(ready: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Important, so that it is pushed unless the caller chose otherwise; to nobody else; of use for minutes only."""
    answer = await ask(ready, NOON, monkeypatch)
    [(workflow_id, event)] = ready.temporal.started
    id_ = workflow_id.removeprefix("acme/notification/")
    assert answer == {"workflow_id": workflow_id, "entity": {"kind": "notification", "id": id_}}
    assert (event["type"], event["data"]["user_id"], event["data"]["priority"]) == ("test", "asha", "high")
    assert datetime.fromisoformat(event["data"]["expires_at"]) == NOON + timedelta(minutes=10)
    assert datetime.fromisoformat(event["punctualaccepted"]) == NOON
    notice = ready.ours.notices["test"]
    assert notice.problems(event["data"]) == []
    assert notice.audience(event["data"]) == ["user"]
    assert render(notice, event["data"], locale="en", timezone="UTC", now=NOON)[0] == "Test notification"


async def test_a_double_click_is_one_test(ready: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within ten seconds it is the same workflow; later, and for somebody else, it is another."""
    await subscribe(ready, browser("https://fcm.googleapis.com/fcm/send/bens"), user="ben")
    first = await ask(ready, NOON, monkeypatch)
    assert await ask(ready, NOON + timedelta(seconds=2), monkeypatch) == first
    later = await ask(ready, NOON + timedelta(seconds=10), monkeypatch)
    bens = await ask(ready, NOON, monkeypatch, user="ben")
    assert len({first["workflow_id"], later["workflow_id"], bens["workflow_id"]}) == 3


async def test_where_no_push_could_leave_it_says_why(build: Build) -> None:
    """No keys, or no browser of the caller's own; nothing is started."""
    off, on = build(), build(**KEYS)
    assert assert_problem(await off.call("POST", PATH), 409)["code"] == "channel_off"
    await subscribe(on, browser(), user="ben")
    assert assert_problem(await on.call("POST", PATH), 409)["code"] == "no_subscription"
    assert assert_problem(await on.call("POST", PATH, user="ben", tenant="other"), 409)["code"] == "no_subscription"
    assert (await on.call("POST", PATH, role="service")).status_code == 403
    assert (await on.call("POST", PATH, role="")).status_code == 401
    assert off.temporal.started == on.temporal.started == []
