"""The shapes of answers, as `/openapi.json` documents them."""

from typing import Any, Literal

from pydantic import BaseModel

from api.live_messages import Notification, Unread, Version
from punctual.wire import Strict


class Count(Strict):
    """How many are unread, as of a version."""

    count: Unread
    version: Version


class Page(Strict):
    """Part of a list, and the inbox that it is of, as of one instant."""

    items: list[Notification]
    next_cursor: str | None
    unread_count: Unread
    version: Version


class Changed(Count):
    """What a bulk act came to."""

    changed: int


class Deleted(Count):
    """What was deleted."""

    deleted: int


class Me(Strict):
    """Who the caller is; null where the directory does not know them."""

    user_id: str
    tenant: str
    role: Literal["user", "admin", "service"]
    name: str | None
    timezone: str | None
    locale: str | None
    channels: list[str]
    """Those that are on here."""


class Stopped(Strict):
    """Mails that are not sent any more: of a category, a type, all (`*`), or to the `address` they came back from."""

    scope: str
    reason: Literal["unsubscribed", "bounced"]
    since: str
    detail: str | None
    """What is known of a bounce: codes of the other server, or `complaint`."""


class Mail(Strict):
    """How mails reach the caller; of the address only as much as they need to know it by."""

    address: str | None
    stopped: list[Stopped]


def documented(model: type[BaseModel], *, tagged: bool = False, status: int = 200) -> dict[str, Any]:
    """What a route's decorator says of its answer: a 200 of that shape; a 304 too, where it is `tagged`."""
    responses: dict[int, dict[str, Any]] = {status: {"model": model}}
    if tagged:
        responses[304] = {"description": "Not modified: the client has this version."}
    # Answers are made of rows, and not checked once more.
    return {"responses": responses, "response_model": None}
