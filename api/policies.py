"""When a tenant reminds and escalates: `/v1/admin/policies/{kind}`."""

from typing import Any

from fastapi import APIRouter

from api.bodies import StrictRoute
from api.deps import Admin, NamePath, Ours, now
from api.problems import not_found
from punctual.policy import Policy
from punctual.registry import KINDS
from store import policies

router = APIRouter(prefix="/v1/admin/policies", route_class=StrictRoute, tags=["admin"])


@router.get("/{kind}")
async def get_policy(kind: NamePath, who: Admin, ours: Ours) -> dict[str, Any]:
    """The tenant's policy, or the default of the kind."""
    if kind not in KINDS:
        raise not_found()
    async with ours.database.read() as db:
        return _shown(await policies.get(db, who.tenant, kind))


@router.put("/{kind}")
async def put_policy(kind: NamePath, body: Policy, who: Admin, ours: Ours) -> dict[str, Any]:
    """Replaces the whole policy; what is left out is off or empty."""
    if kind not in KINDS:
        raise not_found()
    async with ours.database.write() as db:
        await policies.put(db, who.tenant, kind, body, now())
    return _shown(body)


def _shown(policy: Policy) -> dict[str, Any]:
    """As it is written: a reminder has one of its two fields, and what is off is null."""
    shown = policy.model_dump(mode="json")
    shown["reminders"] = [reminder.model_dump(exclude_none=True) for reminder in policy.reminders]
    return shown
