"""Whether this process lives, and whether it can work."""

import asyncio

import structlog
from fastapi import APIRouter, Response
from starlette.responses import JSONResponse

from api import problems
from api.deps import Ours, Temporal
from resources import Resources
from store.engine import ping

router = APIRouter(tags=["health"])
log = structlog.get_logger(__name__)

_PATIENCE = 3.0


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz")
async def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz")
async def ready(ours: Ours, temporal: Temporal) -> Response:
    """The database and Temporal answer; otherwise 503 with the names of what does not."""
    database_up, temporal_up = await asyncio.gather(_database_answers(ours), temporal.is_healthy())
    down = [name for name, up in (("database", database_up), ("temporal", temporal_up)) if not up]
    if down:
        return problems.response(503, f"Down: {', '.join(down)}.", headers={"Retry-After": "5"})
    return JSONResponse({"status": "ok"})


async def _database_answers(ours: Resources) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE), ours.database.read() as db:
            await ping(db)
    except Exception as error:
        # Whatever is wrong with it, the answer is the same.
        log.warning("database_down", error=type(error).__name__)
        return False
    return True
