"""Who the caller is, and what is not mailed to them any more: `/v1/me`."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from api.answers import Mail, Me, documented
from api.bodies import StrictRoute
from api.deps import Anyone, Ours, Person, iso
from api.problems import not_found
from punctual.channels import CHANNELS
from store import directory
from store.suppressions import Suppression

router = APIRouter(prefix="/v1/me", route_class=StrictRoute, tags=["directory"])

ADDRESS = "address"
"""The scope of a bounce: it stops whatever is mailed to the address."""
Scope = Annotated[str, Path(pattern=r"^(\*|[A-Za-z_.]{1,82})$")]


@router.get("", **documented(Me))
async def me(who: Anyone, ours: Ours) -> dict[str, Any]:
    """What the token says, and what the directory knows of who needs it; null for who is not in it."""
    async with ours.database.read() as db:
        found = (await directory.get(db, who.tenant, [who.user_id])).get(who.user_id)
    known = {name: getattr(found, name, None) for name in ("name", "timezone", "locale")}
    channels = [spec.name for spec in CHANNELS.values() if ours.settings.has(spec.needs)]
    return {"user_id": who.user_id, "tenant": who.tenant, "role": who.role, **known, "channels": channels}


@router.get("/mail", **documented(Mail))
async def mail(who: Person, ours: Ours) -> dict[str, Any]:
    """Where mails go, and which do not go there any more, the oldest stop first."""
    async with ours.database.read() as db:
        found = (await directory.get(db, who.tenant, [who.user_id])).get(who.user_id)
        address = found.email if found else None
        stopped = await ours.suppressions.of(db, who.tenant, who.user_id, address)
    return {"address": _masked(address) if address else None, "stopped": [stopped_mail(one) for one in stopped]}


@router.delete("/mail/stopped/{scope}", status_code=204)
async def resume_mail(scope: Scope, who: Person, ours: Ours) -> Response:
    """These mails are sent again; with the scope `address`, the address that mails came back from is tried again."""
    async with ours.database.write() as db:
        if scope == ADDRESS:
            found = (await directory.get(db, who.tenant, [who.user_id])).get(who.user_id)
            address = found.email if found else None
            lifted = address is not None and await ours.suppressions.lift(db, who.tenant, address)
        else:
            lifted = await ours.suppressions.resubscribe(db, who.tenant, who.user_id, scope)
    if not lifted:
        raise not_found()
    return Response(status_code=204)


def stopped_mail(found: Suppression) -> dict[str, Any]:
    """A suppression as its person sees it."""
    return {
        "scope": found.scope or ADDRESS,
        "reason": found.reason,
        "since": iso(found.at),
        "detail": found.detail,
    }


def _masked(address: str) -> str:
    """`a…@example.com`: enough for who knows it."""
    local, _, domain = address.rpartition("@")
    return f"{local[0] if len(local) > 1 else ''}…@{domain}"
