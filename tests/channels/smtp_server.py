"""An SMTP server on loopback that answers as it is told to, and one that says whatever it likes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiosmtpd.smtp import SMTP as SmtpProtocol
from aiosmtpd.smtp import AuthResult

from activities.channels.email_smtp import SmtpServer


class Mailbox:
    """The handler of a server: `answers` by command; it keeps what a real one might deliver."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.mails: list[Any] = []
        self.asked = 0
        self.connections = 0
        self.logins: list[tuple[bytes, bool]] = []
        """Each password, and whether it came encrypted."""
        self.drops_at = ""
        """The command at which it hangs up; DATA's mail it has read by then."""
        self.left = asyncio.Event()
        """Somebody said QUIT."""

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, name: str, lines: list[str]) -> list[str]:
        session.host_name = name
        self.connections += 1
        return lines

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        self.asked += 1
        envelope.mail_from = address
        return self._answer("mail", server)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        answer = self._answer("rcpt", server)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(envelope)
        return self._answer("data", server)

    async def handle_RSET(self, server: Any, session: Any, envelope: Any) -> str:
        return self._answer("rset", server)

    async def handle_QUIT(self, server: Any, session: Any, envelope: Any) -> str:
        self.left.set()
        return "221 Bye"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        self.logins.append((data.password, session.ssl is not None))
        return AuthResult(success=True)

    def _answer(self, command: str, server: Any) -> str:
        if self.drops_at == command:
            self.drops_at = ""
            server.transport.abort()
        return self.answers.get(command, "250 OK")


@asynccontextmanager
async def smtp(box: Mailbox, **options: Any) -> AsyncIterator[SmtpServer]:
    loop = asyncio.get_running_loop()

    def protocol() -> SmtpProtocol:
        return SmtpProtocol(box, hostname="test", loop=loop, authenticator=box.authenticate, **options)

    server = await loop.create_server(protocol, "127.0.0.1", 0)
    try:
        yield SmtpServer("127.0.0.1", server.sockets[0].getsockname()[1])
    finally:
        server.close()


@asynccontextmanager
async def talking(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[SmtpServer]:
    """A server that says what `talk` says."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
            await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield SmtpServer("127.0.0.1", server.sockets[0].getsockname()[1])
    finally:
        server.close()
