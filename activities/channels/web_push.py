"""Web Push: at least once to every browser of a person, made harmless by Topic and tag."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import structlog
from aiohttp import ClientError
from http_ece import ECEException
from pywebpush import WebPusher, WebPushException

from activities.channels.base import SENT, Channel, Message, Result
from activities.channels.web_push_http import PushHttp
from activities.channels.web_push_payload import payload, topic
from activities.channels.web_push_vapid import Vapid
from activities.faults import EXPIRED, PushAnswer, push_answer
from punctual.errors import UnsafeUrl
from punctual.preferences import About
from punctual.push_endpoints import PushEndpoint, allowed_origins, check
from resources import Resources
from store.directory import User
from store.engine import Connection, Database
from store.subscriptions import Subscription, Subscriptions

log = structlog.get_logger(__name__)

DEADLINE = 10.0
"""Seconds for one message to all of a person's browsers."""
_DEFAULT_TTL = timedelta(hours=24)
_LONGEST_TTL = timedelta(days=28)
_URGENCY = {"low": "low", "normal": "normal", "high": "high", "urgent": "high"}


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
        vapid: Vapid | None,
        home: str,
        allowed: Sequence[str] = (),
        sink: bool = False,
        deadline: float = DEADLINE,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """`home`: where relative links start. Without `vapid` the channel is off; in a `sink` nothing leaves."""
        self._database = database
        self._subscriptions = subscriptions
        self._http = http
        self._vapid = vapid
        self._home = home
        self._allowed = allowed
        self._sink = sink
        self._deadline = deadline
        self._now = now
        self._refusing: dict[str, datetime] = {}
        """The origins that refuse us, and until when they are left alone."""

    @classmethod
    def build(cls, resources: Resources) -> "WebPush":
        settings = resources.settings
        vapid = None
        if settings.vapid_private_key and settings.vapid_public_key and settings.vapid_claims_email:
            private_key = settings.vapid_private_key.get_secret_value()
            vapid = Vapid(private_key, settings.vapid_public_key, settings.vapid_claims_email)
        return cls(
            resources.database,
            resources.subscriptions,
            PushHttp(allowed_origins(tuple(settings.push_allowed_hosts))),
            vapid=vapid,
            home=f"{settings.url}/",
            allowed=settings.push_allowed_hosts,
            sink=settings.delivery_mode == "sink",
        )

    async def unreachable(
        self, db: Connection, tenant: str, users: Sequence[User], about: About
    ) -> Mapping[str, str]:
        if self._vapid is None:
            return dict.fromkeys((user.id for user in users), "channel_off")
        owners = await self._subscriptions.owners(db, tenant, [user.id for user in users])
        return {user.id: "no_subscription" for user in users if user.id not in owners}

    async def send(self, message: Message) -> Result:
        """Pushes to every browser not yet settled. `progress` holds the ids of those reached and those in vain."""
        if self._vapid is None:
            return Result("withheld", "channel_off")
        if self._sink:
            return SENT
        if message.expires_at is not None and message.expires_at <= self._now():
            return EXPIRED
        reached = list(message.progress.get("devices", []))
        rejected = list(message.progress.get("rejected", []))
        async with self._database.read() as db:
            devices = await self._subscriptions.of(db, message.tenant, message.user.id)
        devices = [device for device in devices if device.id not in (*reached, *rejected)]
        until = asyncio.get_running_loop().time() + self._deadline
        answers = await asyncio.gather(*(self._push(self._vapid, message, device, until) for device in devices))
        told = list(zip(devices, answers, strict=True))
        taken = [device.id for device, answer in told if answer.kind == "sent"]
        await self._keep_books(message.tenant, taken, [device for device, answer in told if answer.kind == "gone"])
        reached += taken
        rejected += [device.id for device, answer in told if answer.kind in ("rejected", "too_large")]
        return _result(answers, {"devices": reached, "rejected": rejected})

    async def _keep_books(self, tenant: str, taken: Sequence[str], gone: Sequence[Subscription]) -> None:
        if not (taken or gone):
            return
        async with self._database.write() as db:
            for device in gone:
                await self._subscriptions.delete_gone(db, tenant, device)
            await self._subscriptions.used(db, tenant, taken, self._now())

    async def _push(self, vapid: Vapid, message: Message, device: Subscription, until: float) -> PushAnswer:
        """What became of one browser; never raises, so that none stops another."""
        try:
            endpoint = check(device.endpoint, self._allowed)
        except UnsafeUrl:
            log.warning("push endpoint refused", endpoint=_hash(device))
            return PushAnswer("rejected")
        now = self._now()
        if (refusing_until := self._refusing.get(endpoint.origin, now)) > now:
            return PushAnswer("refuses_us", refusing_until - now)
        answer = await self._post(vapid, message, device, endpoint, until)
        if answer.kind == "too_large":
            answer = await self._post(vapid, message, device, endpoint, until, title_only=True)
        if answer.kind == "refuses_us" and answer.after is not None:
            vapid.forget(endpoint.origin)
            self._refusing = {origin: end for origin, end in self._refusing.items() if end > now}
            if endpoint.origin not in self._refusing:
                log.warning("push service refuses our VAPID key or VAPID_CLAIMS_EMAIL", origin=endpoint.origin)
            self._refusing[endpoint.origin] = now + answer.after
        return answer

    async def _post(
        self,
        vapid: Vapid,
        message: Message,
        device: Subscription,
        endpoint: PushEndpoint,
        until: float,
        *,
        title_only: bool = False,
    ) -> PushAnswer:
        seen: str | int
        try:
            body = _encrypted(device, payload(message, self._home, title_only=title_only))
            headers = {
                "Authorization": vapid.authorization(endpoint.origin, self._now()),
                "Content-Encoding": "aes128gcm",
                "TTL": str(_ttl(message.expires_at, self._now())),
                "Topic": topic(message.collapse),
                "Urgency": _URGENCY[message.notification.priority],
            }
            seen, retry_after = await self._http.post(endpoint, headers, body, until)
            answer = push_answer(seen, retry_after, self._now())
        except _BadKeys:
            seen, answer = "unusable keys", PushAnswer("rejected")
        except (TimeoutError, OSError, ClientError) as error:
            seen, answer = type(error).__name__, PushAnswer("retry")
        if answer.kind != "sent":
            log.info(
                "push not taken", host=endpoint.host, endpoint=_hash(device), answer=seen, meaning=answer.kind
            )  # fmt: skip
        return answer

    async def close(self) -> None:
        await self._http.close()


class _BadKeys(Exception):
    """The browser's keys are none."""


def _encrypted(device: Subscription, plain: bytes) -> bytes:
    keys = {"p256dh": device.p256dh, "auth": device.auth}
    try:
        encoded = WebPusher({"endpoint": device.endpoint, "keys": keys}).encode(plain, "aes128gcm")
    except (WebPushException, ECEException, ValueError, IndexError):
        raise _BadKeys from None
    return bytes(encoded["body"])


def _hash(device: Subscription) -> str:
    return sha256(device.endpoint.encode()).hexdigest()[:8]


def _ttl(expires_at: datetime | None, now: datetime) -> int:
    """Seconds that the push service keeps the message for a device that is off; 0 would mean not at all."""
    left = expires_at - now if expires_at else _DEFAULT_TTL
    return max(int(min(left, _LONGEST_TTL).total_seconds()), 1)


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
