"""The channels there are, by name: the one line that a new channel adds outside its own file."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Default = Literal["always", "important", "chosen"]
"""`always`, or only what is `important` (high or urgent), unless the user chose otherwise; or nothing but what they
have `chosen`."""


@dataclass(frozen=True)
class ChannelSpec:
    """`slow` channels cross the network: they are sent by an activity of their own, on a queue of their own.

    `needs` names the setting without which the channel is off.
    """

    name: str
    default: Default
    slow: bool = False
    queue: str = "punctual"
    needs: str | None = None
    patience: timedelta = timedelta(hours=24)
    """How long a send is tried at the most, when nothing about the notification ends it earlier."""
    digests: bool = False
    """Whether digests travel by it, and what can wait for them does."""
    recalls: bool = False
    """Whether what it brought, and was then snoozed, is brought once more."""
    daily: int | None = None
    """How many one person gets in 24 hours at the most, besides what is urgent or mandatory."""


CHANNELS: dict[str, ChannelSpec] = {
    spec.name: spec
    for spec in (
        ChannelSpec("inbox", "always"),
        ChannelSpec("websocket", "always"),
        ChannelSpec(
            "web_push",
            "important",
            slow=True,
            queue="punctual-push",
            needs="vapid_private_key",
            recalls=True,
            daily=300,
        ),
        ChannelSpec("email", "important", slow=True, queue="punctual-email", needs="email_url", digests=True),
        ChannelSpec("sms", "chosen", slow=True, queue="punctual-sms", needs="sms_url"),
        ChannelSpec("chat", "chosen", slow=True, queue="punctual-chat", needs="chat_targets"),
    )
}
