"""What the caller wants to be told, how and when: `/v1/preferences`."""

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response

from api.answers import documented
from api.bodies import StrictRoute
from api.deps import Ours, Person, Temporal, Types, now
from api.identity import Caller
from api.problems import Problem, unprocessable
from punctual.errors import FieldProblem
from punctual.preferences import Preferences
from store import preferences

router = APIRouter(prefix="/v1/preferences", route_class=StrictRoute, tags=["preferences"])


@router.get("", **documented(Preferences))
async def get_preferences(who: Person, ours: Ours, response: Response) -> dict[str, Any]:
    """What the caller has chosen; a channel that no map names follows its default."""
    async with ours.database.read() as db:
        chosen = (await preferences.of(db, who.tenant, [who.user_id]))[who.user_id]
    return _shown(chosen, who, response)


@router.put("", **documented(Preferences))
async def put_preferences(
    body: Preferences,
    who: Person,
    ours: Ours,
    types: Types,
    temporal: Temporal,
    response: Response,
    if_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> dict[str, Any]:
    """Replaces the whole; what waits for the end of quiet hours or for a digest is decided about anew.

    With `If-Match` only what the caller has seen is replaced: 412 where another device has chosen since.
    """
    chosen = body.model_copy(update={"types": {types.today(name): map_ for name, map_ in body.types.items()}})
    if unknown := [name for name in chosen.types if not types.exists(name)]:
        raise unprocessable([FieldProblem(("types", name), "is not a notification type") for name in unknown])
    at = now()
    async with ours.database.write() as db:
        stored = await preferences.load(db, who.tenant, who.user_id)
        wanted = [part.strip() for part in (if_match or "*").split(",")]
        if "*" not in wanted and _tag(stored.chosen, who) not in wanted:
            raise Problem(412, "The preferences have changed since they were read. Read them again.")
        waits = await preferences.choose(db, who.tenant, who.user_id, chosen, at)
    await temporal.look_again(who.tenant, [who.user_id] if waits else [], at)
    return _shown(chosen, who, response)


def _shown(chosen: Preferences, who: Caller, response: Response) -> dict[str, Any]:
    response.headers["ETag"] = _tag(chosen, who)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Authorization"
    return chosen.model_dump(mode="json")


def _tag(chosen: Preferences, who: Caller) -> str:
    name = f"{who.tenant}/{who.user_id}\0{chosen.model_dump_json()}"
    return f'"{hashlib.sha256(name.encode()).hexdigest()[:32]}"'
