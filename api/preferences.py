"""What the caller wants to be told, how and when: `/v1/preferences`."""

from typing import Any

import structlog
from fastapi import APIRouter

from api.bodies import StrictRoute
from api.deps import Ours, Person, Temporal, Types, now
from api.gateway import Unavailable
from api.problems import unprocessable
from punctual.errors import FieldProblem
from punctual.preferences import Preferences
from store import preferences

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/v1/preferences", route_class=StrictRoute, tags=["preferences"])


@router.get("")
async def get_preferences(who: Person, ours: Ours) -> dict[str, Any]:
    """What the caller has chosen; a channel that no map names follows its default."""
    async with ours.database.read() as db:
        chosen = await preferences.of(db, who.tenant, [who.user_id])
    return chosen[who.user_id].model_dump(mode="json")


@router.put("")
async def put_preferences(
    body: Preferences, who: Person, ours: Ours, types: Types, temporal: Temporal
) -> dict[str, Any]:
    """Replaces the whole; what waits for the end of quiet hours or for a digest is decided about anew."""
    chosen = body.model_copy(update={"types": {types.today(name): map_ for name, map_ in body.types.items()}})
    if unknown := [name for name in chosen.types if not types.exists(name)]:
        raise unprocessable([FieldProblem(("types", name), "is not a notification type") for name in unknown])
    at = now()
    async with ours.database.write() as db:
        waits = await preferences.choose(db, who.tenant, who.user_id, chosen, at)
    if waits:
        try:
            await temporal.look(who.tenant, who.user_id, at)
        except Unavailable:
            # It is looked at when the quiet was to end; until then it only waits longer than it would have to.
            log.warning("quiet_hours_not_looked_at")
    return chosen.model_dump(mode="json")
