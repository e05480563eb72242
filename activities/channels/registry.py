"""The channels by name, in the order of `punctual.channels`."""

from collections.abc import Callable

from activities.channels.base import Channel
from activities.channels.email import Email
from activities.channels.inbox import Inbox
from activities.channels.web_push import WebPush
from activities.channels.websocket import WebSocket
from punctual.channels import CHANNELS
from resources import Resources

_BUILDERS: dict[str, Callable[[Resources], Channel]] = {
    "inbox": lambda resources: Inbox(),
    "websocket": lambda resources: WebSocket(resources.bus),
    "web_push": WebPush.from_resources,
    "email": Email.from_resources,
}


def channels(resources: Resources) -> dict[str, Channel]:
    return {name: _BUILDERS[name](resources) for name in CHANNELS}
