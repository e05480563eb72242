"""`EMAIL_URL=smtp://…`: by one SMTP server."""

import asyncio
import ipaddress
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from ssl import SSLContext, create_default_context
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP, SMTPException

from activities.channels.base import SENT, Result
from activities.channels.email_smtp_pool import IDLE, SmtpPool
from activities.channels.email_transports import DEADLINE
from activities.channels.refusals import Refusals
from activities.faults import no_such_address, refuses_us, smtp_fault
from settings import SettingsError


@dataclass(frozen=True)
class SmtpServer:
    host: str
    port: int
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> "SmtpServer":
        """`smtp://user:password@host:587`, the parts percent-encoded; raises SettingsError without the password."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port or 587
        except ValueError:
            host, port = None, 0
        if not host or parts.path not in ("", "/") or parts.query or parts.fragment:
            raise SettingsError(
                "EMAIL_URL: must be smtp://user:password@host:587, special characters percent-encoded"
            )
        user = unquote(parts.username) if parts.username else None
        return cls(host, port, user, unquote(parts.password or "") if user else None)

    @property
    def is_loopback(self) -> bool:
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


@dataclass
class _Envelope:
    sender: str
    recipient: str
    content: bytes
    is_open: bool = False
    """DATA was said: from here on the server may have the mail."""


class Smtp:
    """Sends over connections that are kept for a while. Credentials never leave this machine unencrypted."""

    repeatable = False
    at_once = 10

    def __init__(
        self, server: SmtpServer, *, deadline: float = DEADLINE, idle: float = IDLE, tls: SSLContext | None = None
    ) -> None:
        """`deadline` and `idle` in seconds; `tls`: whom to trust, by default whom the machine does."""
        self._server = server
        self._deadline = deadline
        self._tls = tls or create_default_context()
        self._refusals = Refusals()
        self._pool = SmtpPool(self._client, idle)

    async def send(self, mail: EmailMessage, sender: str, recipient: str) -> Result:
        envelope = _Envelope(sender, recipient, mail.as_bytes())
        try:
            async with asyncio.timeout(self._deadline):
                await self._deliver(envelope)
        except (SMTPException, OSError) as error:
            if not envelope.is_open and refuses_us(error):
                self._refusals.tell("the SMTP server refuses us", host=self._server.host, answer=type(error).__name__)
            fault = smtp_fault(error, body_sent=envelope.is_open)
            return replace(fault, bounced=recipient) if no_such_address(error) else fault
        return SENT

    async def close(self) -> None:
        await self._pool.close()

    async def _deliver(self, envelope: _Envelope) -> None:
        kept = await self._pool.kept()
        if kept is not None:
            try:
                await self._hand_over(kept, envelope)
            except (SMTPException, OSError):
                # It has died since it was kept, and the server knows of no mail yet: a new connection may try.
                if envelope.is_open or kept.is_connected:
                    raise
            else:
                return
        await self._hand_over(await self._pool.fresh(), envelope)

    async def _hand_over(self, client: SMTP, envelope: _Envelope) -> None:
        with self._pool.using(client):
            await client.mail(envelope.sender)
            await client.rcpt(envelope.recipient)
            envelope.is_open = True
            await client.data(envelope.content)

    def _client(self) -> SMTP:
        server = self._server
        implicit_tls = server.port == 465
        return SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            timeout=self._deadline,
            use_tls=implicit_tls,
            start_tls=False if implicit_tls else (True if server.username and not server.is_loopback else None),
            tls_context=self._tls,
        )
