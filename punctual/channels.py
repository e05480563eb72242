"""The channels there are, by name: the one line that a new channel adds outside its own file."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Default = Literal["always", "important"]
"""`always`, or only what is `important` (high or urgent), unless the user chose otherwise."""


@dataclass(frozen=True)
class ChannelSpec:
    """`slow` channels cross the network: they are sent by an activity of their own, on a queue of their own."""

    name: str
    default: Default
    slow: bool = False
    queue: str = "punctual"
    patience: timedelta = timedelta(hours=24)
    """How long a send is tried at the most, when nothing about the notification ends it earlier."""
    digests: bool = False
    """Whether digests travel by it, and what can wait for them does."""


CHANNELS: dict[str, ChannelSpec] = {
    spec.name: spec
    for spec in (
        ChannelSpec("inbox", "always"),
        ChannelSpec("websocket", "always"),
        ChannelSpec("web_push", "important", slow=True, queue="punctual-push"),
        ChannelSpec("email", "important", slow=True, queue="punctual-email", digests=True),
    )
}
