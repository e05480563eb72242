"""`/asyncapi.json`: a sound AsyncAPI 3.0 document, and what is really said on the socket."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

from api import live_messages
from api.live_messages import CLOSE_CODES, REPLIES, SERVER_FRAMES
from tests.api.conftest import ORIGIN, World
from tests.api.sockets import PATH, Live, server

__all__ = ["server"]


class Part(BaseModel):
    """A part of the document with the fields that AsyncAPI 3.0 gives it, and `x-` extensions."""

    model_config = ConfigDict(extra="allow")

    def model_post_init(self, _: Any) -> None:
        assert all(name.startswith("x-") for name in self.model_extra or {}), self.model_extra


class Reference(BaseModel):
    model_config = ConfigDict(extra="forbid")
    ref: str = Field(alias="$ref")


def _key(name: str) -> str:
    assert re.fullmatch(r"[A-Za-z0-9._-]+", name)
    return name


Key = Annotated[str, AfterValidator(_key)]


class Info(Part):
    title: str
    version: str
    description: str


class Server(Part):
    host: str
    protocol: Literal["ws", "wss"]


class WsBinding(Part):
    method: Literal["GET", "POST"]
    bindingVersion: Literal["0.1.0"]


class Bindings(Part):
    ws: WsBinding


class Channel(Part):
    address: str
    description: str
    messages: dict[Key, Reference]
    bindings: Bindings


class Reply(Part):
    channel: Reference
    messages: list[Reference]


class Operation(Part):
    action: Literal["send", "receive"]
    channel: Reference
    messages: list[Reference]
    reply: Reply | None = None


class Message(Part):
    name: str
    summary: str
    contentType: Literal["application/json"]
    payload: Reference


class Components(Part):
    messages: dict[Key, Message]
    schemas: dict[Key, dict[str, Any]]


class AsyncApi(Part):
    asyncapi: Literal["3.0.0"]
    info: Info
    defaultContentType: Literal["application/json"]
    servers: dict[Key, Server]
    channels: dict[Key, Channel]
    operations: dict[Key, Operation]
    components: Components


async def document(world: World) -> dict[str, Any]:
    answer = await world.call("GET", "/asyncapi.json", role="")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def test_the_document_is_sound(world: World) -> None:
    """Open to everybody, of the shape that AsyncAPI 3.0 asks for, and every reference leads somewhere."""
    found = await document(world)
    parsed = AsyncApi.model_validate(found)
    assert parsed.servers["here"].host == ORIGIN.removeprefix("https://")
    assert parsed.servers["here"].protocol == "wss"
    (channel,) = parsed.channels.values()
    assert channel.address == "/v1/ws"
    # An operation's messages are those of its channel, and theirs are components.
    for operation in parsed.operations.values():
        for ref in [*operation.messages, *(operation.reply.messages if operation.reply else [])]:
            assert ref.ref.startswith("#/channels/live/messages/")
    refs = re.findall(r"'\$ref': '([^']+)'", str(found))
    assert len(refs) > 50
    for ref in refs:
        target: Any = found
        for part in ref.removeprefix("#/").split("/"):
            target = target[part]


async def test_the_document_says_what_the_models_say(world: World) -> None:
    """Its schemas are those of the models that parse the commands and describe the frames; all types are there."""
    found = await document(world)
    models = [*REPLIES, *SERVER_FRAMES]
    _, schemas = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    assert found["components"]["schemas"] == schemas["$defs"]
    commands = {command.model_fields["type"].annotation for command in live_messages.Command.__args__}
    assert commands | {Literal["auth"]} == {model.model_fields["type"].annotation for model in REPLIES}
    named = {name: message["payload"]["$ref"] for name, message in found["components"]["messages"].items()}
    for name, ref in named.items():
        assert found["components"]["schemas"][ref.rsplit("/", maxsplit=1)[-1]]["properties"]["type"]["const"] == name


async def test_the_document_says_why_a_socket_closes(world: World) -> None:
    """With the code and the reason that are sent."""
    codes = (await document(world))["channels"]["live"]["x-close-codes"]
    assert set(codes) == {"1008", "1009", "1011", "1012", "1013", "4401"}
    assert all(len(reason.encode()) <= 123 for reason in codes.values())


async def test_a_socket_hears_the_reason_for_its_end(server: Live) -> None:
    """Not just the number."""
    async with server.raw() as socket:
        await socket.say("ping")
        assert await socket.closed() == 4401
        assert socket.connection.close_reason == CLOSE_CODES[4401]


async def test_every_documented_frame_is_said_and_no_other(server: Live) -> None:
    """One socket is made to hear each type of frame by what people really do; each has the documented shape."""
    documented = {
        ref["$ref"].rsplit("/", maxsplit=1)[-1]
        for ref in (await document(server.world))["operations"]["tell"]["messages"]
    }
    at = datetime(2026, 11, 20, 9, tzinfo=UTC)
    more = {
        "snoozed_until": at,
        "expires_at": at,
        "metadata": {"a": [1]},
        "actions": [{"action": "open", "title": "O"}],
    }
    await server.world.notify("asha", "n1", "n2")
    await server.world.notify("asha", "n3", **more, action_url=None, action_text=None)
    async with server.raw() as socket:
        heard = [
            await socket.ask("auth", token=server.world.token()),
            await socket.ask("ping"),
            await socket.ask("get_unread_count"),
            await socket.ask("mark_as_read", notification_id="n1"),
            await socket.ask("mark_as_read", notification_id="n3"),
            await socket.ask("mark_as_read", notification_id="unknown"),
            await socket.ask("launch"),
            await socket.ask("mark_all_as_read"),
        ]
        server.publish("n4")
        server.announce("n4")
        await server.world.call("DELETE", f"{PATH}/n2")
        heard += [await socket.hear() for _ in range(3)]
        assert {frame["type"] for frame in heard} == documented
