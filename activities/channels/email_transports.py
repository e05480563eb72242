"""Where mails go: a folder, or an SMTP server."""

import asyncio
import ipaddress
import os
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import structlog
from aiosmtplib import SMTP, SMTPException

from activities.channels.base import SENT, Result
from activities.faults import refuses_us, smtp_fault
from settings import SettingsError

log = structlog.get_logger(__name__)

DEADLINE = 10.0
"""Seconds for one mail, from the connection to the server's word."""


class Transport(Protocol):
    repeatable: bool
    """Whether the same delivery may be handed over twice without arriving twice."""

    async def send(self, mail: EmailMessage, sender: str, recipient: str, delivery_id: str) -> Result:
        """Hands the mail over once; a fault is a Result."""


class Outbox:
    """Writes each mail into `folder` as `<delivery_id>.eml`; the same delivery again is the same file."""

    repeatable = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, mail: EmailMessage, sender: str, recipient: str, delivery_id: str) -> Result:
        try:
            await asyncio.to_thread(self._write, f"{delivery_id}.eml", mail.as_bytes())
        except OSError as error:
            return Result("retry", detail=type(error).__name__)
        return SENT

    def _write(self, name: str, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Readers list *.eml: none ever sees half a mail.
        unfinished = self._folder / f".{name}.{os.getpid()}"
        unfinished.write_bytes(content)
        unfinished.replace(self._folder / name)


@dataclass(frozen=True)
class SmtpServer:
    host: str
    port: int
    username: str | None = None
    password: str | None = None

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


class Smtp:
    """Sends by one SMTP server, a connection for each mail. Credentials never leave this machine unencrypted."""

    repeatable = False

    def __init__(self, server: SmtpServer, deadline: float = DEADLINE) -> None:
        self._server = server
        self._deadline = deadline

    async def send(self, mail: EmailMessage, sender: str, recipient: str, delivery_id: str) -> Result:
        server = self._server
        implicit_tls = server.port == 465
        client = SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            timeout=self._deadline,
            use_tls=implicit_tls,
            start_tls=False if implicit_tls else (True if server.username and not server.is_loopback else None),
        )
        body_sent = False
        try:
            async with asyncio.timeout(self._deadline):
                await client.connect()
                await client.mail(sender)
                await client.rcpt(recipient)
                body_sent = True
                await client.data(mail.as_bytes())
        except (SMTPException, OSError, TimeoutError) as error:
            if not body_sent and refuses_us(error):
                log.warning("the SMTP server refuses us", host=server.host, answer=type(error).__name__)
            return smtp_fault(error, body_sent=body_sent)
        else:
            # The mail is theirs by now; a farewell that fails changes nothing.
            with suppress(SMTPException, OSError):
                await client.quit(timeout=1)
        finally:
            client.close()
        return SENT
