"""Where mails go while the product is killed: the outbox, or a mail server that takes mails and falls silent."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP


class MailServer:
    """Takes every mail; while `hesitates`, it leaves about half of the senders without an answer."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)
        self.port = 0
        self.mails: list[str] = []
        self.hesitates = True
        self.unanswered: set[str] = set()
        self.asked = asyncio.Event()
        """Set once somebody waits for an answer."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        id_ = str(message_from_bytes(envelope.content)["X-Punctual-Delivery"])
        self.mails.append(id_)
        if self.hesitates and self._random.random() < 0.5:
            self.unanswered.add(id_)
            self.asked.set()
            await asyncio.Event().wait()
        return "250 OK"


@asynccontextmanager
async def mail_server(seed: str) -> AsyncIterator[MailServer]:
    loop = asyncio.get_running_loop()
    box = MailServer(seed)
    server = await loop.create_server(lambda: SMTP(box, hostname="test", loop=loop), "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()


def in_outbox(data: Path) -> list[str]:
    """The delivery of each mail in the outbox."""
    return [file.stem for file in (data / "outbox").glob("*.eml")]
