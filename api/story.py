"""How somebody was told of one notification: `/v1/notifications/{id}/deliveries`."""

from typing import Any

from fastapi import APIRouter

from api.answers import documented
from api.bodies import StrictRoute
from api.deliveries import Outcome
from api.deps import IdPath, Ours, Person, iso
from api.problems import not_found
from punctual.wire import Strict
from store import inbox, reports

router = APIRouter(prefix="/v1/notifications/{id}/deliveries", route_class=StrictRoute, tags=["inbox"])

_INSTANTS = ("created_at", "sent_at", "delivered_at", "opened_at", "clicked_at", "due_at", "at")


class Told(Strict):
    """What became of it by one channel; `due_at`: until when it is deferred."""

    channel: str
    outcome: Outcome
    reason: str | None
    detail: str | None
    created_at: str | None
    sent_at: str | None
    delivered_at: str | None
    opened_at: str | None
    clicked_at: str | None
    due_at: str | None
    at: str


class Story(Strict):
    """By every channel, also those it was kept from."""

    items: list[Told]


@router.get("", **documented(Story))
async def get_story(id: IdPath, who: Person, ours: Ours) -> dict[str, Any]:
    """By which channels the caller was told of a notification of theirs, or why not."""
    async with ours.database.read() as db:
        found = await inbox.get(db, who.tenant, who.user_id, [id])
        if not found:
            raise not_found()
        rows = await reports.story(db, who.tenant, found[0])
    return {
        "items": [
            {name: getattr(row, name) for name in ("channel", "outcome", "reason", "detail")}
            | {name: iso(getattr(row, name)) for name in _INSTANTS}
            for row in rows
        ]
    }
