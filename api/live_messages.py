"""What is said on the WebSocket `/v1/ws`: the client's commands, the server's frames, and the codes it closes with.

Every change of an inbox makes one version. A frame that shows a notification carries the version that its change
made; a change of several at once is told as `unread_count`. A client that sees a version more than one above its own,
or a newer one in `unread_count` or `ready`, reads its list again; one that is not newer changes nothing.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, Field, TypeAdapter

from punctual.fields import CATEGORIES, known_category
from punctual.wire import Id, Strict

LARGEST_FRAME = 16 * 1024
SOCKETS_OF_ONE = 50
"""Sockets of one user in one process."""
PER_SECOND, AT_ONCE = 100, 1000
"""Messages of one socket: how many it may say in the long run, and how many at once."""

GONE, FLOOD, TOO_LARGE, BROKEN, RESTART, TOO_SLOW, UNAUTHORIZED = 1000, 1008, 1009, 1011, 1012, 1013, 4401

CLOSE_CODES = {
    FLOOD: f"more than {PER_SECOND} messages a second",
    TOO_LARGE: f"a message over {LARGEST_FRAME // 1024} KiB",
    BROKEN: "something went wrong on our side, or no answer to our pings",
    RESTART: "restart: come back",
    TOO_SLOW: f"too slow, or more than {SOCKETS_OF_ONE} sockets: come back later",
    UNAUTHORIZED: "no token, a bad one, or one that has expired",
}
"""Why the server closes a socket; also the reason in its close frame, which holds at most 123 bytes."""

Category = Annotated[str, AfterValidator(known_category), Field(json_schema_extra={"enum": list(CATEGORIES)})]
Categories = Annotated[list[Category], Field(max_length=100)]
Version = Annotated[int, Field(ge=0, description="Of the caller's inbox; it grows by one with every change.")]
Unread = Annotated[int, Field(ge=0, description="How many notifications are unread, as of this version.")]


class Auth(Strict):
    """Says who the client is; its first message, within 5 seconds."""

    type: Literal["auth"]
    token: str


class Ping(Strict):
    """Asks whether the server is there."""

    type: Literal["ping"]


class GetUnreadCount(Strict):
    """Asks for the unread count and the version."""

    type: Literal["get_unread_count"]


class MarkAsRead(Strict):
    """Reads one notification."""

    type: Literal["mark_as_read"]
    notification_id: Id


class MarkAllAsRead(Strict):
    """Reads all that is unread."""

    type: Literal["mark_all_as_read"]


class Subscribe(Strict):
    """From now on new notifications of these categories only, and of those subscribed to before.

    Of the others their version is told as `unread_count`. Changes and announcements come whatever their category.
    """

    type: Literal["subscribe"]
    categories: Categories


class Unsubscribe(Strict):
    """Takes categories back; after the last one, everything comes again."""

    type: Literal["unsubscribe"]
    categories: Categories


class Action(Strict):
    """What a notification offers to do."""

    action: str
    title: str


class Entity(Strict):
    """What a notification is about."""

    kind: str
    id: str


class Notification(Strict):
    """One notification, as `GET /v1/notifications/{id}` shows it."""

    id: str
    type: str
    category: Category
    priority: Literal["low", "normal", "high", "urgent"]
    title: str
    message: str
    action_url: str | None
    action_text: str | None
    actions: list[Action]
    entity: Entity
    metadata: dict[str, Any]
    created_at: AwareDatetime
    read_at: AwareDatetime | None
    archived_at: AwareDatetime | None
    snoozed_until: AwareDatetime | None
    acknowledged_at: AwareDatetime | None
    expires_at: AwareDatetime | None


class Ready(Strict):
    """The token is good; from here on every change is told."""

    type: Literal["ready"]
    unread_count: Unread
    version: Version


class Pong(Strict):
    """The server is there."""

    type: Literal["pong"]


class NewNotification(Strict):
    """A notification has arrived."""

    type: Literal["new_notification"]
    notification: Notification
    unread_count: Unread
    version: Version


class NotificationUpdated(Strict):
    """A notification has changed: it was read, archived, snoozed, acknowledged, or the reverse."""

    type: Literal["notification_updated"]
    notification: Notification
    unread_count: Unread
    version: Version
    woken: Annotated[bool, Field(description="Whether its snooze has ended, by which it is new once more.")] = False


class NotificationDeleted(Strict):
    """A notification has left the inbox: it was deleted, or it expired."""

    type: Literal["notification_deleted"]
    id: str
    unread_count: Unread
    version: Version


class UnreadCount(Strict):
    """The unread count; with a newer version than the client's own, the list has changed as well."""

    type: Literal["unread_count"]
    count: Unread
    version: Version
    woken: Annotated[
        list[str], Field(description="The ids of those whose snooze has ended, by which they are new once more.")
    ] = []


class Announcement(Strict):
    """Something for everybody to see at once; it is in the inbox too, and told as a new notification."""

    type: Literal["announcement"]
    notification: Notification


class Error(Strict):
    """A message that the server did not take; nothing has changed, and the socket goes on."""

    type: Literal["error"]
    code: Literal["bad_json", "bad_request", "not_found"]
    detail: str


Command = Ping | GetUnreadCount | MarkAsRead | MarkAllAsRead | Subscribe | Unsubscribe
COMMAND: TypeAdapter[Command] = TypeAdapter(Annotated[Command, Field(discriminator="type")])

SERVER_FRAMES: tuple[type[Strict], ...] = (
    Ready, Pong, NewNotification, NotificationUpdated, NotificationDeleted, UnreadCount, Announcement, Error
)  # fmt: skip

REPLIES: dict[type[Strict], tuple[type[Strict], ...]] = {
    Auth: (Ready,),
    Ping: (Pong,),
    GetUnreadCount: (UnreadCount, Error),
    MarkAsRead: (NotificationUpdated, Error),
    MarkAllAsRead: (UnreadCount, Error),
    Subscribe: (Error,),
    Unsubscribe: (Error,),
}
"""Every command of the client, and what the server answers to it; nothing, where there is only an error."""


class Refused(Exception):
    """The socket has to close, with one of CLOSE_CODES."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code
