"""What every answer tells browsers: to take it for what it says it is, and to show it in nobody's frame."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"}


class SafeHeaders:
    """Sets them on every answer of the application around it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, marked if scope["type"] == "http" else send)
