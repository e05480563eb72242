"""`/asyncapi.json`: the WebSocket as an AsyncAPI 3.0 document, made from the models of `live_messages`."""

from collections.abc import Iterable
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from fastapi import APIRouter
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.deps import Ours
from api.live_messages import CLOSE_CODES, REPLIES, SERVER_FRAMES

router = APIRouter(include_in_schema=False)

_LIVE = "live"
_CHANNEL = f"#/channels/{_LIVE}"
_ABOUT = """\
Tells what changes in the caller's inbox. The first message is `auth`, within 5 seconds; the answer is `ready`.
Every change of an inbox makes one version, which rides in the frames. A client that sees a version more than one
above its own, or a newer one in `unread_count` or `ready`, reads `GET /v1/notifications` again; a version that is not
newer than its own changes nothing. Frames are hints: nothing is lost when the socket was down.
A message that cannot be accepted is answered with `error`, and the socket goes on. A client ignores types and fields
that it does not know."""


@router.get("/asyncapi.json")
async def asyncapi(ours: Ours) -> dict[str, Any]:
    """The document, open to everybody."""
    return document(ours.settings.url)


def document(url: str) -> dict[str, Any]:
    """The AsyncAPI document of a server whose public address is `url`."""
    here = urlsplit(url)
    commands = {_name(model): model for model in REPLIES}
    frames = {_name(model): model for model in SERVER_FRAMES}
    messages = commands | frames
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Punctual, live", "version": "1", "description": _ABOUT},
        "defaultContentType": "application/json",
        "servers": {"here": {"host": here.netloc, "protocol": "wss" if here.scheme == "https" else "ws"}},
        "channels": {
            _LIVE: {
                "address": "/v1/ws",
                "description": _ABOUT,
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
                "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
                "x-close-codes": {str(code): reason for code, reason in CLOSE_CODES.items()},
            }
        },
        "operations": {
            **{name: _operation("receive", [model], REPLIES[model]) for name, model in commands.items()},
            "tell": _operation("send", SERVER_FRAMES),
        },
        "components": {
            "messages": {name: _message(name, model) for name, model in messages.items()},
            "schemas": _schemas(messages.values()),
        },
    }


def _name(model: type[BaseModel]) -> str:
    """The `type` of a message."""
    return str(get_args(model.model_fields["type"].annotation)[0])


def _operation(
    action: Literal["send", "receive"], models: Iterable[type[BaseModel]], replies: Iterable[type[BaseModel]] = ()
) -> dict[str, Any]:
    found: dict[str, Any] = {"action": action, "channel": {"$ref": _CHANNEL}, "messages": _refs(models)}
    if answers := _refs(replies):
        found["reply"] = {"channel": {"$ref": _CHANNEL}, "messages": answers}
    return found


def _refs(models: Iterable[type[BaseModel]]) -> list[dict[str, str]]:
    return [{"$ref": f"{_CHANNEL}/messages/{_name(model)}"} for model in models]


def _message(name: str, model: type[BaseModel]) -> dict[str, Any]:
    return {
        "name": name,
        "summary": (model.__doc__ or "").split("\n", maxsplit=1)[0],
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{model.__name__}"},
    }


def _schemas(models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    _, found = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    schemas: dict[str, Any] = found["$defs"]
    return schemas
