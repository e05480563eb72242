"""Web Push: at least once to every browser of a person, made harmless by Topic and tag."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from activities.channels.base import SENT, Channel, Message, Result
from activities.channels.web_push_http import PushHttp
from activities.channels.web_push_payload import Payloads
from activities.channels.web_push_sender import Sender
from activities.channels.web_push_vapid import VapidKeys
from activities.faults import EXPIRED, PushAnswer
from punctual.preferences import About
from punctual.push_endpoints import allowed_origins
from resources import Resources
from store.directory import User
from store.engine import Connection, Database
from store.subscriptions import Subscription, Subscriptions
from store.vault import Vault

DEADLINE = 10.0
"""Seconds for one message to all of a person's browsers."""
# How exactly we know when a browser was last reached: writing it down for each message would cost more than sending.
_USED_WITHIN = timedelta(days=1)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class WebPush(Channel):
    name = "web_push"
    shows_badge = True

    def __init__(
        self,
        database: Database,
        subscriptions: Subscriptions,
        http: PushHttp,
        *,
        vapid: VapidKeys | None,
        home: str,
        vault: Vault,
        allowed: Sequence[str] = (),
        sink: bool = False,
        deadline: float = DEADLINE,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """`home`: where relative links start; `vault` seals those that act.

        Without `vapid` the channel is off; in a `sink` nothing leaves.
        """
        self._database = database
        self._subscriptions = subscriptions
        self._http = http
        self._vapid = vapid
        self._payloads = Payloads(home, vault, now)
        self._sender = Sender(http, vapid, self._payloads, allowed, now) if vapid else None
        self._sink = sink
        self._deadline = deadline
        self._now = now

    @classmethod
    def build(cls, resources: Resources) -> "WebPush":
        settings = resources.settings
        keys, owner = settings.vapid_keys, settings.vapid_claims_email
        return cls(
            resources.database,
            resources.subscriptions,
            PushHttp(allowed_origins(tuple(settings.push_allowed_hosts))),
            vapid=VapidKeys(keys, owner) if keys and owner else None,
            home=f"{settings.url}/",
            vault=resources.vault,
            allowed=settings.push_allowed_hosts,
            sink=settings.delivery_mode == "sink",
        )

    async def unreachable(
        self, db: Connection, tenant: str, users: Sequence[User], about: About
    ) -> Mapping[str, str]:
        if self._vapid is None:
            return dict.fromkeys((user.id for user in users), "channel_off")
        owners = await self._subscriptions.owners(db, tenant, [user.id for user in users])
        reached = {id_ for id_, keys in owners.items() if any(self._vapid.of(key) for key in keys)}
        return {user.id: "no_subscription" for user in users if user.id not in reached}

    async def send(self, message: Message) -> Result:
        """Pushes to every browser not yet settled. `progress` holds the ids of those reached and those in vain."""
        if self._sender is None:
            return Result("withheld", "channel_off")
        if self._sink:
            return SENT
        reached = list(message.progress.get("devices", []))
        rejected = list(message.progress.get("rejected", []))
        if message.expires_at is not None and message.expires_at <= self._now():
            return Result("sent", progress=message.progress) if reached else EXPIRED
        async with self._database.read() as db:
            devices = await self._subscriptions.of(db, message.tenant, message.user.id)
        devices = [device for device in devices if device.id not in (*reached, *rejected)]
        plain = self._payloads.write(message) if devices else b""
        until = asyncio.get_running_loop().time() + self._deadline
        answers = await asyncio.gather(*(self._sender.push(message, plain, device, until) for device in devices))
        told = list(zip(devices, answers, strict=True))
        taken = [device for device, answer in told if answer.kind == "sent"]
        await self._keep_books(message.tenant, taken, [device for device, answer in told if answer.kind == "gone"])
        reached += [device.id for device in taken]
        rejected += [device.id for device, answer in told if answer.kind in ("rejected", "too_large")]
        return _result(answers, {"devices": reached, "rejected": rejected})

    async def _keep_books(self, tenant: str, taken: Sequence[Subscription], gone: Sequence[Subscription]) -> None:
        now = self._now()
        used = [one.id for one in taken if one.used_at is None or now - one.used_at > _USED_WITHIN]
        if not (used or gone):
            return
        async with self._database.write() as db:
            for device in gone:
                await self._subscriptions.delete_gone(db, tenant, device)
            if used:
                await self._subscriptions.used(db, tenant, used, now)

    async def close(self) -> None:
        await self._http.close()


def _result(answers: Sequence[PushAnswer], progress: dict[str, list[str]]) -> Result:
    """One result for all browsers: nothing is settled while one of them may still be reached."""
    again = [answer for answer in answers if answer.kind in ("retry", "refuses_us")]
    if again:
        # No wait of its own means the usual backoff, which begins shorter than any wait that a service names.
        waits = [answer.after for answer in again if answer.after is not None]
        after = min(waits) if len(waits) == len(again) else None
        return Result("retry", after=after, detail=f"{len(again)} devices", progress=progress)
    if progress["devices"]:
        return Result("sent", progress=progress)
    if progress["rejected"]:
        return Result("failed", "rejected", progress=progress)
    return Result("withheld", "no_subscription")
