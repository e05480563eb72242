"""Every notification type there is: `GET /v1/catalogue`."""

from typing import Any

from fastapi import APIRouter

from api.bodies import StrictRoute
from api.deps import Anyone, Ours

router = APIRouter(route_class=StrictRoute, tags=["catalogue"])


@router.get("/v1/catalogue")
async def get_catalogue(who: Anyone, ours: Ours) -> dict[str, Any]:
    """All types by name; an `example` posts as `data`."""
    return {"items": [notice.public for _, notice in sorted(ours.notices.items())]}
