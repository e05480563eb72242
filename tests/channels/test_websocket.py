"""What the WebSocket channel says of a notification, and to whom."""

from typing import Any

from activities.channels.websocket import WebSocket
from store.bus import LocalBus
from tests.channels.conftest import message, note
from tests.world import TENANT, user

COUNT = {"type": "unread_count", "count": 3, "version": 8}


async def said(*messages: Any) -> list[tuple[str, str, dict[str, Any]]]:
    bus = LocalBus()
    heard: list[tuple[str, str, dict[str, Any]]] = []
    bus.listen(lambda *frame: heard.append(frame))
    await WebSocket(bus).announce(messages)
    return heard


async def test_each_person_is_told_of_the_notification_with_count_and_version() -> None:
    """In one frame each."""
    found = await said(message(version=8), message(version=5, user=user("ben")))
    new = {"type": "new_notification", "notification": note().public(), "unread_count": 3}
    assert found == [(TENANT, "asha", {**new, "version": 8}), (TENANT, "ben", {**new, "version": 5})]


async def test_an_announcement_is_told_as_such_besides() -> None:
    """It is a notification like others, and shown at once."""
    new, announced = await said(message(version=8, is_announcement=True))
    assert new[2]["type"] == "new_notification"
    assert announced == (TENANT, "asha", {"type": "announcement", "notification": note().public()})


async def test_who_has_muted_the_socket_hears_the_count_only() -> None:
    """No words, not even of an announcement; but no version is missing."""
    assert await said(message(version=8, is_muted=True)) == [(TENANT, "asha", COUNT)]
    assert await said(message(version=8, is_muted=True, is_announcement=True)) == [(TENANT, "asha", COUNT)]
