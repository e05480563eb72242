"""One authenticated socket: a reader, a writer, and whatever ends them first."""

import asyncio
import time
from typing import Any

from fastapi import WebSocket
from pydantic import ValidationError
from starlette.websockets import WebSocketDisconnect

from api import bodies, inbox_changes, live_messages, problems
from api.hub import Hub
from api.identity import Caller
from api.live_messages import (
    BROKEN,
    COMMAND,
    FLOOD,
    GONE,
    LARGEST_FRAME,
    TOO_LARGE,
    TOO_SLOW,
    UNAUTHORIZED,
    Command,
    GetUnreadCount,
    MarkAllAsRead,
    MarkAsRead,
    Ping,
    Refused,
    Subscribe,
    Unsubscribe,
)
from api.live_queue import Allowance, Outbox
from api.problems import NOT_FOUND, Problem
from punctual.wire import words
from resources import Resources
from store.bus import Frame


async def receive(websocket: WebSocket) -> bytes:
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
    """What one client is told, and what it asks for."""

    def __init__(self, websocket: WebSocket, who: Caller) -> None:
        self.who = who
        self.outbox = Outbox()
        self._websocket = websocket
        self._ours: Resources = websocket.app.state.resources
        self._hub: Hub = websocket.app.state.hub
        self._allowance = Allowance(live_messages.PER_SECOND, live_messages.AT_ONCE)
        self._categories: set[str] = set()
        self._newest = 0
        self._over: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def run(self) -> int:
        """The code to close with."""
        # Joined before the first count is read: what happens in between is waiting behind it, and nothing is missed.
        if not self._hub.join(self):
            return TOO_SLOW
        tasks: list[asyncio.Task[None]] = []
        try:
            inbox = await inbox_changes.count(self._ours, self.who)
            self._newest = max(self._newest, inbox.version)
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
        if frame["type"] == "new_notification" and self._is_unwanted(frame):
            # The notification is not wanted here, but its version must not look like a gap.
            frame = {"type": "unread_count", "count": frame["unread_count"], "version": frame["version"]}
        self._newest = max(self._newest, frame.get("version", 0))
        if not self.outbox.put(frame):
            self.end(TOO_SLOW)

    def _is_unwanted(self, frame: Frame) -> bool:
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
            await self._websocket.send_text(await self.outbox.get())

    async def _read(self) -> None:
        while True:
            raw = await receive(self._websocket)
            if not self._allowance.take():
                raise Refused(FLOOD)
            try:
                command = COMMAND.validate_python(bodies.parse(raw))
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
                await self._mark_as_read(id_)
            case MarkAllAsRead():
                count = await inbox_changes.read_all(self._ours, self.who)
                if not count.changed:
                    self.offer(count.frame)
            case Subscribe(categories=categories):
                self._categories.update(categories)
            case Unsubscribe(categories=categories):
                self._categories.difference_update(categories)

    async def _mark_as_read(self, id_: str) -> None:
        changed = await inbox_changes.change(self._ours, self.who, id_, read=True)
        if changed is None:
            self.offer(_error("not_found", NOT_FOUND))
        elif not changed.inbox.changed:
            # Nothing to tell the others; the one who asked gets an answer all the same. It must not pass for the
            # change that made the newest version, whose own frame may still be on its way.
            self.offer({**changed.frame, "version": min(changed.inbox.version, self._newest)})


def _error(code: str, detail: str) -> Frame:
    return {"type": "error", "code": code, "detail": detail}


def _named(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"].startswith("union_tag"):
        return "type: is not one that this socket takes"
    where: list[Any] = [part for part in first["loc"] if not isinstance(part, str) or len(part) <= 64][1:]
    return f"{'.'.join(map(str, where)) or 'The message'}: {words(first)}"
