"""Connections to an SMTP server that are kept for the next mail."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from aiosmtplib import SMTP, SMTPDataError, SMTPException, SMTPRecipientRefused, SMTPSenderRefused

IDLE = 30.0
"""Seconds that a connection is kept for; servers wait for minutes."""
_PULSE = 2.0
_FAREWELL = 1.0


class SmtpPool:
    """As many connections as there were mails at a time; `make` says to where, and with which credentials."""

    def __init__(self, make: Callable[[], SMTP], idle: float = IDLE) -> None:
        self._make = make
        self._keep_for = idle
        self._idle: dict[SMTP, asyncio.TimerHandle] = {}
        self._farewells: set[asyncio.Task[None]] = set()

    async def kept(self) -> SMTP | None:
        """The connection used last, if it still answers; it remembers nothing of the mail before."""
        if not self._idle:
            return None
        client, timer = self._idle.popitem()
        timer.cancel()
        try:
            await client.rset(timeout=_PULSE)
        except (SMTPException, OSError):
            # What cut this one off has cut off those that have been silent for longer.
            self._drop_all()
            client.close()
            return None
        except BaseException:
            client.close()
            raise
        return client

    async def fresh(self) -> SMTP:
        """A new connection, logged in; raises SMTPException or OSError."""
        client = self._make()
        await client.connect()
        return client

    @contextmanager
    def using(self, client: SMTP) -> Iterator[None]:
        """Keeps the connection after the block if the server ended it by judging the mail; else it is closed."""
        try:
            yield
        except (SMTPDataError, SMTPRecipientRefused, SMTPSenderRefused) as error:
            # Any other answer was none to what we asked.
            if 400 <= error.code < 600:
                self._keep(client)
            else:
                client.close()
            raise
        except BaseException:
            client.close()
            raise
        self._keep(client)

    async def close(self) -> None:
        """Says goodbye to every server that is still there."""
        for client in list(self._idle):
            self._part(client)
        await asyncio.gather(*self._farewells)

    def _keep(self, client: SMTP) -> None:
        if client.is_connected:
            self._idle[client] = asyncio.get_running_loop().call_later(self._keep_for, self._part, client)

    def _part(self, client: SMTP) -> None:
        self._idle.pop(client).cancel()
        farewell = asyncio.create_task(_quit(client))
        self._farewells.add(farewell)
        farewell.add_done_callback(self._farewells.discard)

    def _drop_all(self) -> None:
        for client, timer in self._idle.items():
            timer.cancel()
            client.close()
        self._idle.clear()


async def _quit(client: SMTP) -> None:
    with suppress(SMTPException, OSError):
        await client.quit(timeout=_FAREWELL)
    client.close()
