"""`EMAIL_URL=outbox:`: mails stay on this machine, as files."""

import asyncio
import os
from email.message import EmailMessage
from pathlib import Path

from activities.channels.base import SENT, Result


class Outbox:
    """Writes each mail into `folder` as `<delivery id>.eml`; the same delivery again is the same file."""

    repeatable = True
    at_once = 50

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, mail: EmailMessage, sender: str, recipient: str) -> Result:
        try:
            await asyncio.to_thread(self._write, f"{mail['X-Punctual-Delivery']}.eml", mail.as_bytes())
        except OSError as error:
            return Result("retry", detail=type(error).__name__)
        return SENT

    async def close(self) -> None:
        """There is nothing to close."""

    def _write(self, name: str, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Readers list *.eml: none ever sees half a mail.
        unfinished = self._folder / f".{name}.{os.getpid()}"
        unfinished.write_bytes(content)
        unfinished.replace(self._folder / name)
