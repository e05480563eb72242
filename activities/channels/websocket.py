"""The WebSocket: a hint that something is new. What it misses, the inbox has."""

from collections.abc import Iterator, Sequence
from typing import Any

from activities.channels.base import Channel, Message
from resources import Resources
from store.bus import Bus


class WebSocket(Channel):
    name = "websocket"

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    @classmethod
    def build(cls, resources: Resources) -> "WebSocket":
        return cls(resources.bus)

    async def announce(self, messages: Sequence[Message]) -> None:
        frames = [(m.tenant, m.user.id, frame) for m in messages for frame in _frames(m)]
        await self._bus.publish_all(frames)


def _frames(message: Message) -> Iterator[dict[str, Any]]:
    count, version = message.unread, message.version
    if message.is_muted:
        # The inbox has changed all the same, and its version must not look like a gap.
        yield {"type": "unread_count", "count": count, "version": version}
        return
    shown = message.notification.public()
    yield {"type": "new_notification", "notification": shown, "unread_count": count, "version": version}
    if message.is_announcement:
        yield {"type": "announcement", "notification": shown}
