"""What a channel is. A new one subclasses `Channel`, sets `name`, and overrides what it needs."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from punctual.people import DEFAULT_LANGUAGE
from punctual.preferences import About
from resources import Resources
from store.directory import User
from store.engine import Connection
from store.inbox import Notification


@dataclass(frozen=True)
class Message:
    """One notification on its way to one person. Its words were written when its step fired."""

    tenant: str
    delivery_id: str
    user: User
    notification: Notification
    collapse: str
    """What a device may replace: the same for all notices that make one another pointless."""
    language: str = DEFAULT_LANGUAGE
    """That of its words, which need not be the reader's: not every notice is written in every language."""
    unread: int = 0
    version: int = 0
    is_muted: bool = False
    """A fast channel says only that the inbox has changed: the user wants no more of it than that."""
    is_mandatory: bool = False
    """Nobody can ask not to be told of it."""
    is_announcement: bool = False
    """It is for everybody to see at once, besides being in the inbox."""
    expires_at: datetime | None = None
    progress: dict[str, Any] = field(default_factory=dict)
    """What an earlier attempt left in `Result.progress`."""
    asked_before: bool = False
    """An earlier attempt called the provider and was cut off before it knew the answer."""


@dataclass(frozen=True)
class Result:
    """What a provider's answer means. `retry` may name the wait that the provider asked for."""

    outcome: Literal["sent", "retry", "failed", "withheld", "unknown", "expired"]
    reason: str | None = None
    after: timedelta | None = None
    detail: str = ""
    progress: dict[str, Any] = field(default_factory=dict)
    bounced: str | None = field(default=None, repr=False)
    """The address that the provider says does not exist: nothing is to be sent there any more."""


SENT = Result("sent")


class Channel:
    """A way to tell somebody something.

    A fast channel takes part in the transaction that composes a notification (`record`) and may act right after it
    (`announce`). A slow one is sent later by `send`, as often as it answers `retry` and time allows.
    """

    name: ClassVar[str]
    shows_badge: ClassVar[bool] = False
    """Whether `send` needs `Message.unread`, which costs a count."""

    turn: AbstractAsyncContextManager[Any] = nullcontext()
    """Held while a message is claimed and sent: it bounds how many the provider is handed at a time."""

    @classmethod
    def build(cls, resources: Resources) -> "Channel":
        """The channel of this process."""
        return cls()

    async def unreachable(
        self, db: Connection, tenant: str, users: Sequence[User], about: About
    ) -> Mapping[str, str]:
        """The reason (of outcome `withheld`) for each user id that this channel cannot or may not tell of it now."""
        return {}

    async def record(self, db: Connection, messages: Sequence[Message]) -> None:
        """Writes what belongs into the same transaction."""

    async def announce(self, messages: Sequence[Message]) -> None:
        """Tells of what is committed; may be repeated, must not raise."""

    async def send(self, message: Message) -> Result:
        """Hands the message to the provider once. A fault is a Result too; an exception is a bug."""
        raise NotImplementedError(f"{self.name} is not a slow channel")

    async def close(self) -> None:
        """Lets go of connections."""
