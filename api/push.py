"""The caller's browsers that take Web Push: `/v1/push`. An endpoint is a secret: taken, never given out."""

import re
import uuid
from base64 import urlsafe_b64decode
from datetime import timedelta
from typing import Annotated, Any

from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import APIRouter, Header, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.bodies import StrictRoute
from api.deps import IdPath, Ours, Person, Temporal, iso, now
from api.devices import device
from api.problems import Problem, not_found, unprocessable
from punctual import events, push_endpoints
from punctual.channels import CHANNELS
from punctual.errors import FieldProblem, UnsafeUrl
from punctual.wire import Strict
from store.subscriptions import Subscription

router = APIRouter(prefix="/v1/push", route_class=StrictRoute, tags=["push"])

_TEST_EVERY = 10
"""Seconds within which tests are one."""
_TEST_LIFETIME = timedelta(minutes=10)
_BASE64URL = re.compile(r"[A-Za-z0-9_-]{1,100}={0,2}")


def _bytes(text: str) -> bytes:
    if not _BASE64URL.fullmatch(text):
        raise ValueError("must be base64url")
    return urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))


def _point(text: str) -> str:
    data = _bytes(text)
    if len(data) != 65 or data[0] != 4:
        raise ValueError("must be an uncompressed point of P-256")
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data)
    except ValueError:
        raise ValueError("must be a point on the curve P-256") from None
    return text


def _sixteen_bytes(text: str) -> str:
    if len(_bytes(text)) != 16:
        raise ValueError("must be 16 bytes")
    return text


class _Browsers(BaseModel):
    # Browsers write these bodies: what a newer one adds does no harm.
    model_config = ConfigDict(extra="ignore", frozen=True)


class Keys(_Browsers):
    p256dh: Annotated[str, AfterValidator(_point)]
    auth: Annotated[str, AfterValidator(_sixteen_bytes)]


class PushSubscription(_Browsers):
    """What `PushSubscription.toJSON()` gives."""

    endpoint: Annotated[str, Field(max_length=2000)]
    expirationTime: float | None = None
    keys: Keys
    applicationServerKey: Annotated[str, AfterValidator(_point)] | None = None
    """The key it was made for, as our own pages add it."""


class Unsubscribe(Strict):
    endpoint: Annotated[str, Field(max_length=2000)]


@router.get("/public-key")
async def public_key(ours: Ours) -> dict[str, str]:
    """The `applicationServerKey` that browsers subscribe with; open to everybody."""
    keys = _public_keys(ours)
    if not keys:
        raise Problem(404, "Web Push is off: the VAPID keys are not set.")
    return {"public_key": keys[0]}


def _public_keys(ours: Ours) -> list[str]:
    """What browsers may be subscribed for, base64url without padding; the first is offered."""
    return [public.rstrip("=") for _, public in ours.settings.vapid_keys]


@router.post("/subscriptions", status_code=201)
async def subscribe(
    body: PushSubscription, who: Person, ours: Ours, user_agent: Annotated[str, Header()] = ""
) -> dict[str, str]:
    """Adds this browser, or moves it to the caller if somebody else used it before.

    `applicationServerKey` says which key of ours it was made for, while there are several.
    """
    try:
        push_endpoints.check(body.endpoint, ours.settings.push_allowed_hosts)
    except UnsafeUrl as error:
        raise unprocessable([FieldProblem(("endpoint",), str(error))]) from None
    keys = _public_keys(ours)
    made_for = body.applicationServerKey and body.applicationServerKey.rstrip("=")
    if made_for and made_for not in keys:
        refusal = "is not a key of ours any more: subscribe with the one of /v1/push/public-key"
        raise unprocessable([FieldProblem(("applicationServerKey",), refusal)])
    name = device(user_agent)
    subscription = Subscription(
        id=uuid.uuid4().hex, user_id=who.user_id, endpoint=body.endpoint, p256dh=body.keys.p256dh,
        auth=body.keys.auth, device=name, created_at=now(), vapid_key=made_for,
    )  # fmt: skip
    async with ours.database.write() as db:
        id_ = await ours.subscriptions.save(db, who.tenant, subscription, keys[0] if keys else None)
    return {"id": id_, "device": name}


@router.get("/subscriptions")
async def list_subscriptions(who: Person, ours: Ours) -> dict[str, Any]:
    """The caller's browsers, oldest first."""
    async with ours.database.read() as db:
        found = await ours.subscriptions.of(db, who.tenant, who.user_id)
    return {"items": [{"id": one.id, "device": one.device, "created_at": iso(one.created_at)} for one in found]}


@router.delete("/subscriptions/{id}", status_code=204)
async def delete_subscription(id: IdPath, who: Person, ours: Ours) -> Response:
    """Forgets one of the caller's browsers."""
    async with ours.database.write() as db:
        if not await ours.subscriptions.delete(db, who.tenant, who.user_id, id):
            raise not_found()
    return Response(status_code=204)


@router.post("/unsubscribe", status_code=204)
async def unsubscribe(body: Unsubscribe, who: Person, ours: Ours) -> Response:
    """Forgets the browser with this endpoint, as a logout does; unknown ones are forgotten already."""
    async with ours.database.write() as db:
        await ours.subscriptions.delete_endpoint(db, who.tenant, who.user_id, body.endpoint)
    return Response(status_code=204)


@router.post("/test", status_code=202)
async def send_test(who: Person, ours: Ours, temporal: Temporal) -> dict[str, Any]:
    """Tells the caller a test notification by the real path; a second one within the same ten seconds is the first.

    409 with the code `channel_off` or `no_subscription` where no push could leave.
    """
    if not ours.settings.has(CHANNELS["web_push"].needs):
        raise Problem(409, "Web Push is off: the VAPID keys are not set.", code="channel_off")
    async with ours.database.read() as db:
        if not await ours.subscriptions.owners(db, who.tenant, [who.user_id]):
            raise Problem(409, "None of your browsers takes Web Push.", code="no_subscription")
    at = now()
    body = {
        "id": f"{who.user_id}/{int(at.timestamp()) // _TEST_EVERY}", "source": "push-test", "type": "test",
        # By default only what is important is pushed; a test that comes late helps nobody.
        "data": {"user_id": who.user_id, "priority": "high", "action_url": "/inbox",
                 "expires_at": (at + _TEST_LIFETIME).isoformat()},
    }  # fmt: skip
    event = events.parse(body, now=at).model_copy(update={"punctualaccepted": at})
    [workflow_id] = await temporal.tell(who.tenant, [event])
    return {"workflow_id": workflow_id, "entity": {"kind": "notification", "id": event.about}}
