"""The WebSocket `/v1/ws`: tells what changed in the caller's inbox, and takes the same changes as HTTP does."""

import asyncio
import contextlib
import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, WebSocket
from pydantic import Field, StringConstraints, TypeAdapter, ValidationError
from starlette.websockets import WebSocketDisconnect, WebSocketState

from api import bodies, inbox_changes, problems
from api.hub import TOO_SLOW, Frame, Hub, Outbox
from api.identity import BadToken, Caller, Verifier
from api.problems import NOT_FOUND, Problem
from punctual.wire import Id, Strict
from resources import Resources

router = APIRouter()

AUTH_WITHIN = 5.0
CLOSE_WITHIN = 5.0
LARGEST_FRAME = 16 * 1024
UNAUTHORIZED, TOO_LARGE, BROKEN, GONE = 4401, 1009, 1011, 1000

Categories = Annotated[list[Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,64}$")]], Field(max_length=100)]


class Auth(Strict):
    type: Literal["auth"]
    token: str


class Ping(Strict):
    type: Literal["ping"]


class GetUnreadCount(Strict):
    type: Literal["get_unread_count"]


class MarkAsRead(Strict):
    type: Literal["mark_as_read"]
    notification_id: Id


class MarkAllAsRead(Strict):
    type: Literal["mark_all_as_read"]


class Subscribe(Strict):
    type: Literal["subscribe"]
    categories: Categories


class Unsubscribe(Strict):
    type: Literal["unsubscribe"]
    categories: Categories


Command = Ping | GetUnreadCount | MarkAsRead | MarkAllAsRead | Subscribe | Unsubscribe
_COMMAND: TypeAdapter[Command] = TypeAdapter(Annotated[Command, Field(discriminator="type")])


class Refused(Exception):
    """The socket has to close, with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@router.websocket("/v1/ws")
async def connect(websocket: WebSocket) -> None:
    """One socket from its handshake to its end."""
    ours: Resources = websocket.app.state.resources
    origin = websocket.headers.get("origin")
    if origin is not None and origin not in ours.settings.origins:
        await websocket.close()  # before it is accepted, this is an HTTP 403
        return
    await websocket.accept()
    try:
        who = await _authenticate(websocket)
        code = await Session(websocket, who).run()
    except Refused as refused:
        code = refused.code
    except WebSocketDisconnect:
        return
    except Exception as error:
        problems.report(error, "/v1/ws")
        code = BROKEN
    if websocket.application_state is WebSocketState.CONNECTED:
        # A client that reads nothing cannot be told why; it is not waited for.
        with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
            async with asyncio.timeout(CLOSE_WITHIN):
                await websocket.close(code)


async def _authenticate(websocket: WebSocket) -> Caller:
    verifier: Verifier = websocket.app.state.verifier
    try:
        async with asyncio.timeout(AUTH_WITHIN):
            first = Auth.model_validate(bodies.parse(await _receive(websocket)))
            who = await verifier.verify(first.token)
    except Problem as problem:
        # 503: the identity provider does not answer, and the client's token may be good.
        raise Refused(TOO_SLOW if problem.status_code == 503 else UNAUTHORIZED) from None
    except (TimeoutError, ValidationError, BadToken):
        raise Refused(UNAUTHORIZED) from None
    if who.role == "service":
        raise Refused(UNAUTHORIZED)
    return who


async def _receive(websocket: WebSocket) -> bytes:
    """The client's next message; raises Refused when it is too large."""
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", GONE))
    text = message.get("text")
    data: bytes = text.encode("utf-8", "surrogatepass") if text is not None else message.get("bytes") or b""
    if len(data) > LARGEST_FRAME:
        raise Refused(TOO_LARGE)
    return data


class Session:
    """One authenticated socket: a reader, a writer, and whatever ends them first."""

    def __init__(self, websocket: WebSocket, who: Caller) -> None:
        self.who = who
        self._websocket = websocket
        self._ours: Resources = websocket.app.state.resources
        self._hub: Hub = websocket.app.state.hub
        self._outbox = Outbox()
        self._categories: set[str] = set()
        self._over: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def run(self) -> int:
        """The code to close with."""
        # Joined before the first count is read: what happens in between is waiting behind it, and nothing is missed.
        if not self._hub.join(self):
            return TOO_SLOW
        tasks: list[asyncio.Task[None]] = []
        try:
            inbox = await inbox_changes.count(self._ours, self.who)
            await self._websocket.send_json({"type": "ready", "unread_count": inbox.count, "version": inbox.version})
            tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._write())]
            for task in tasks:
                task.add_done_callback(self._ended)
            try:
                async with asyncio.timeout(self.who.exp - time.time()):
                    return await self._over
            except TimeoutError:
                return UNAUTHORIZED
        finally:
            self._hub.leave(self)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def offer(self, frame: Frame) -> None:
        """Puts a frame in line for the client."""
        if frame["type"] == "new_notification" and self._is_muted(frame):
            # The notification is not wanted here, but its version must not look like a gap.
            frame = {"type": "unread_count", "count": frame["unread_count"], "version": frame["version"]}
        if not self._outbox.put(frame):
            self.end(TOO_SLOW)

    def _is_muted(self, frame: Frame) -> bool:
        return bool(self._categories) and frame["notification"]["category"] not in self._categories

    def end(self, code: int) -> None:
        """Closes the socket; the first reason counts."""
        if not self._over.done():
            self._over.set_result(code)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, Refused):
            self.end(error.code)
        elif isinstance(error, WebSocketDisconnect):
            self.end(GONE)
        elif error is not None:
            self.end(BROKEN)
            problems.report(error, "/v1/ws")

    async def _write(self) -> None:
        while True:
            await self._websocket.send_text(await self._outbox.get())

    async def _read(self) -> None:
        while True:
            raw = await _receive(self._websocket)
            try:
                command = _COMMAND.validate_python(bodies.parse(raw))
            except Problem as problem:
                self.offer(_error("bad_json", str(problem.detail)))
            except ValidationError as error:
                self.offer(_error("bad_request", _named(error)))
            else:
                await self._answer(command)

    async def _answer(self, command: Command) -> None:
        match command:
            case Ping():
                self.offer({"type": "pong"})
            case GetUnreadCount():
                self.offer((await inbox_changes.count(self._ours, self.who)).frame)
            case MarkAsRead(notification_id=id_):
                changed = await inbox_changes.change(self._ours, self.who, id_, read=True)
                if changed is None:
                    self.offer(_error("not_found", NOT_FOUND))
                elif not changed.inbox.changed:
                    # Nothing to tell the others; the one who asked gets an answer all the same.
                    self.offer(changed.frame)
            case MarkAllAsRead():
                count = await inbox_changes.read_all(self._ours, self.who)
                if not count.changed:
                    self.offer(count.frame)
            case Subscribe(categories=categories):
                self._categories.update(categories)
            case Unsubscribe(categories=categories):
                self._categories.difference_update(categories)


def _error(code: str, detail: str) -> Frame:
    return {"type": "error", "code": code, "detail": detail}


def _named(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"].startswith("union_tag"):
        return "The type is not one of this socket's."
    where: list[Any] = [part for part in first["loc"] if not isinstance(part, str) or len(part) <= 64][1:]
    return f"{'.'.join(map(str, where)) or 'The message'}: {first['msg']}"
