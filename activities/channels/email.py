"""Email: at most once by SMTP or SendGrid; what may or may not have gone out is unknown, and not sent again."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from activities.channels.base import SENT, Channel, Message, Result
from activities.channels.email_message import Mails, one_address
from activities.channels.email_outbox import Outbox
from activities.channels.email_sendgrid import SendGrid
from activities.channels.email_smtp import Smtp, SmtpServer
from activities.channels.email_transports import Transport
from activities.faults import AMBIGUOUS, EXPIRED
from punctual.preferences import About
from resources import Resources
from settings import Settings
from store.directory import User
from store.engine import Connection
from store.suppressions import Suppressions
from store.vault import Vault


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Email(Channel):
    name = "email"

    def __init__(
        self,
        transport: Transport | None,
        *,
        sender: str,
        home: str,
        vault: Vault,
        sink: bool = False,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """`home`: where relative links start; `vault` seals those that act.

        Without a transport the channel is off; in a `sink` nothing leaves.
        """
        self._transport = transport
        if transport is not None:
            self.turn = asyncio.Semaphore(transport.at_once)
        self._mails = Mails(sender, home, vault, now)
        self._suppressions = Suppressions(vault)
        self._sink = sink
        self._now = now

    @classmethod
    def build(cls, resources: Resources) -> "Email":
        settings = resources.settings
        return cls(
            transport(settings),
            sender=settings.email_from,
            home=f"{settings.url}/",
            vault=resources.vault,
            sink=settings.delivery_mode == "sink",
        )

    async def unreachable(
        self, db: Connection, tenant: str, users: Sequence[User], about: About
    ) -> Mapping[str, str]:
        if self._transport is None:
            return dict.fromkeys((user.id for user in users), "channel_off")
        addresses = {user.id: one_address(user.email) for user in users}
        reachable = {id_: address for id_, address in addresses.items() if address is not None}
        scopes = () if about.mandatory else (about.category, about.type)
        stopped = await self._suppressions.stopped(db, tenant, reachable, scopes) if reachable else {}
        return {**{id_: "no_address" for id_ in addresses if id_ not in reachable}, **stopped}

    async def send(self, message: Message) -> Result:
        if self._transport is None:
            return Result("withheld", "channel_off")
        address = one_address(message.user.email)
        if address is None:
            return Result("withheld", "no_address")
        if self._sink:
            return SENT
        if message.asked_before and not self._transport.repeatable:
            return AMBIGUOUS
        if message.expires_at is not None and message.expires_at <= self._now():
            return EXPIRED
        mail = self._mails.write(message, address)
        return await self._transport.send(mail, self._mails.sender.addr_spec, address)

    async def close(self) -> None:
        if self._transport is not None:
            await self._transport.close()


def transport(settings: Settings) -> Transport | None:
    """The transport that EMAIL_URL names; None when there is none. Raises SettingsError."""
    if settings.email_url is None:
        return None
    url = settings.email_url.get_secret_value()
    if url == "outbox:":
        return Outbox(settings.data / "outbox")
    if url == "sendgrid:" and settings.sendgrid_api_key is not None:
        return SendGrid(settings.sendgrid_api_key.get_secret_value().strip(), settings.sendgrid_api_host)
    return Smtp(SmtpServer.parse(url))
