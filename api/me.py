"""Who the caller is: `/v1/me`."""

from typing import Any

from fastapi import APIRouter

from api.answers import Me, documented
from api.bodies import StrictRoute
from api.deps import Anyone, Ours
from store import directory

router = APIRouter(prefix="/v1/me", route_class=StrictRoute, tags=["directory"])


@router.get("", **documented(Me))
async def me(who: Anyone, ours: Ours) -> dict[str, Any]:
    """What the token says, and what the directory knows of who needs it; null for who is not in it."""
    async with ours.database.read() as db:
        found = (await directory.get(db, who.tenant, [who.user_id])).get(who.user_id)
    known = {name: getattr(found, name, None) for name in ("name", "timezone", "locale")}
    return {"user_id": who.user_id, "tenant": who.tenant, "role": who.role, **known}
