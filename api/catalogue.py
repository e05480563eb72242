"""Every notification type there is, and every channel: `GET /v1/catalogue`."""

from typing import Any

from fastapi import APIRouter

from api.bodies import StrictRoute
from api.deps import Anyone, Ours
from punctual.channels import CHANNELS

router = APIRouter(route_class=StrictRoute, tags=["catalogue"])


@router.get("/v1/catalogue")
async def get_catalogue(who: Anyone, ours: Ours) -> dict[str, Any]:
    """All types by name; an `example` posts as `data`. Of the channels what they carry unless somebody chose."""
    return {
        "items": [notice.public for _, notice in sorted(ours.notices.items())],
        "channels": [
            {"name": spec.name, "default": spec.default, "slow": spec.slow, "digests": spec.digests}
            for spec in CHANNELS.values()
        ],
    }
