"""The WebSocket: a hint that something is new. What it misses, the inbox has."""

from collections.abc import Sequence

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
        for message in messages:
            frame = {
                "type": "new_notification",
                "notification": message.notification.public(),
                "unread_count": message.unread,
                "version": message.version,
            }
            await self._bus.publish(message.tenant, message.user.id, frame)
