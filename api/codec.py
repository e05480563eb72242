"""Temporal's remote codec protocol: lets the Web UI and the CLI read and write encrypted payloads."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends
from google.protobuf import json_format
from starlette.requests import HTTPConnection
from temporalio.api.common.v1 import Payload, Payloads

from api.bodies import StrictRoute
from api.deps import Ours
from api.identity import Allowed
from api.problems import Problem, not_found
from punctual.codec import EncryptionCodec, UnknownPayloadKey
from resources import Resources
from settings import Settings

PATHS = ("/codec/decode", "/codec/encode")
router = APIRouter(route_class=StrictRoute, tags=["codec"])

Document = Annotated[dict[str, Any], Body(examples=[{"payloads": []}])]


class _Operators(Allowed):
    """Admins; everybody where `punctual up` serves loopback only."""

    async def __call__(self, request: HTTPConnection) -> Any:
        ours: Resources = request.app.state.resources
        return None if ours.settings.codec_open else await super().__call__(request)


_OPERATORS = [Depends(_Operators(["admin"]))]


def ui_origins(settings: Settings) -> list[str]:
    """Where browsers show Temporal's Web UI from."""
    return [f"http://{host}:{settings.temporal_ui_port}" for host in ("127.0.0.1", "localhost")]


@router.post("/codec/decode", dependencies=_OPERATORS)
async def decode(body: Document, ours: Ours) -> dict[str, Any]:
    """Decrypts payloads; what no key of ours opens stays as it is, so that the rest can be read."""
    codec = _codec(ours)
    decoded: list[Payload] = []
    for payload in _payloads(body):
        try:
            decoded += await codec.decode([payload])
        except UnknownPayloadKey:
            decoded.append(payload)
    return json_format.MessageToDict(Payloads(payloads=decoded))


@router.post("/codec/encode", dependencies=_OPERATORS)
async def encode(body: Document, ours: Ours) -> dict[str, Any]:
    """Encrypts payloads with the first key."""
    return json_format.MessageToDict(Payloads(payloads=await _codec(ours).encode(_payloads(body))))


def _codec(ours: Resources) -> EncryptionCodec:
    if not ours.settings.payload_keys:
        raise not_found()
    return EncryptionCodec(ours.settings.payload_keys)


def _payloads(body: dict[str, Any]) -> list[Payload]:
    try:
        return list(json_format.ParseDict(body, Payloads()).payloads)
    except (json_format.ParseError, ValueError, TypeError):
        raise Problem(400, "The body is not a list of payloads in protobuf JSON.") from None
