"""How somebody was told of one notification: `/v1/notifications/{id}/deliveries`."""

from typing import Any

from fastapi import APIRouter

from api.answers import documented
from api.bodies import StrictRoute
from api.deliveries import Way, way
from api.deps import IdPath, Ours, Person
from api.problems import not_found
from punctual.wire import Strict
from store import inbox, reports

router = APIRouter(prefix="/v1/notifications/{id}/deliveries", route_class=StrictRoute, tags=["inbox"])


class Story(Strict):
    """By every channel, also those it was kept from."""

    items: list[Way]


@router.get("", **documented(Story))
async def get_story(id: IdPath, who: Person, ours: Ours) -> dict[str, Any]:
    """By which channels the caller was told of a notification of theirs, or why not."""
    async with ours.database.read() as db:
        found = await inbox.get(db, who.tenant, who.user_id, [id])
        if not found:
            raise not_found()
        rows = await reports.story(db, who.tenant, found[0])
    return {"items": [way(row) for row in rows]}
