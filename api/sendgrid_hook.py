"""`POST /v1/hooks/sendgrid`: what SendGrid says became of mails, signed by it, in any order and more than once."""

import json
from base64 import b64decode
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from fastapi import APIRouter, Request, Response

from api import problems, sendgrid_events
from api.bodies import KIB
from api.deps import Ours, now
from api.problems import Problem

router = APIRouter(tags=["hooks"])

PATH = "/v1/hooks/sendgrid"
LARGEST = 2 * KIB * KIB
"""In bytes; SendGrid posts up to 768 KiB."""
_FRESH = 600
_TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
_SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
_MOST_EVENTS = 20_000


@router.post(PATH, status_code=204)
async def hear(request: Request, ours: Ours) -> Response:
    """Takes a list of events. What is not about a mail of ours, or of a kind that we do not know, changes nothing."""
    key = ours.settings.sendgrid_webhook_public_key
    if key is None:
        raise Problem(503, "SENDGRID_WEBHOOK_PUBLIC_KEY is not set: nothing can be verified.")
    raw = await request.body()
    _verify(key, request.headers.get(_SIGNATURE, ""), request.headers.get(_TIMESTAMP, ""), raw)
    events = sendgrid_events.parse(_list(raw))
    try:
        await sendgrid_events.apply(ours, events, now())
    except Exception as error:
        # SendGrid repeats what was not taken, for a day.
        problems.report(error, PATH)
        raise Problem(503, "The events could not be kept. Send them again.", headers={"Retry-After": "60"}) from None
    return Response(status_code=204)


def _verify(key: str, signature: str, timestamp: str, raw: bytes) -> None:
    """Raises Problem 401 for what SendGrid has not signed within the last ten minutes."""
    public = load_der_public_key(b64decode(key))
    assert isinstance(public, EllipticCurvePublicKey)
    try:
        public.verify(b64decode(signature, validate=True), timestamp.encode() + raw, ECDSA(SHA256()))
        age = now().timestamp() - int(timestamp)
    except (InvalidSignature, ValueError, OverflowError):
        raise Problem(401, "The signature is missing or wrong.") from None
    if abs(age) > _FRESH:
        raise Problem(401, "The signature is not of the last ten minutes.")


def _list(raw: bytes) -> list[Any]:
    """The events, read tolerantly: what strangers wrote into some of them must not keep out the others."""
    try:
        rows = json.loads(raw)
    except (ValueError, RecursionError):
        raise Problem(400, "The body is not JSON.") from None
    if not isinstance(rows, list) or len(rows) > _MOST_EVENTS:
        raise Problem(422, f"The body must be a list of at most {_MOST_EVENTS} events.")
    return rows
