"""How uvicorn has to serve the WebSocket `/v1/ws`."""

import asyncio
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from api.live_messages import LARGEST_FRAME

LINGER = 10.0
"""How long, in seconds, a connection may take to empty its buffer after its end."""


class Protocol(WebSocketsSansIOProtocol):
    """uvicorn's, without its patience: asyncio waits for ever for a client that does not read to the end."""

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        self._end()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._end()

    def _end(self) -> None:
        self.loop.call_later(LINGER, self.transport.abort)


OPTIONS: dict[str, Any] = {
    "ws": Protocol,
    "ws_max_size": LARGEST_FRAME,
    # A client whose machine or network is gone is noticed within their sum.
    "ws_ping_interval": 20.0,
    "ws_ping_timeout": 20.0,
}
"""For `uvicorn.Config`."""
