"""One message to one browser: encrypted (RFC 8291), signed (RFC 8292), posted (RFC 8030), and what became of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import structlog
from http_ece import ECEException
from pywebpush import WebPusher, WebPushException

from activities.channels.base import Message
from activities.channels.web_push_breaker import NO_ANSWER, Breaker, LeftAlone
from activities.channels.web_push_http import PushHttp
from activities.channels.web_push_payload import Payloads, topic
from activities.channels.web_push_vapid import Vapid, VapidKeys
from activities.faults import PushAnswer, push_answer
from punctual.errors import UnsafeUrl
from punctual.push_endpoints import PushEndpoint, check
from store.subscriptions import Subscription

log = structlog.get_logger(__name__)

_DEFAULT_TTL = timedelta(hours=24)
_LONGEST_TTL = timedelta(days=28)
_URGENCY = {"low": "low", "normal": "normal", "high": "high", "urgent": "high"}


@dataclass(frozen=True)
class _Way:
    """Where one push goes and who we are there; it must be answered before the loop's time is `until`."""

    device: Subscription
    endpoint: PushEndpoint
    vapid: Vapid
    until: float


class Sender:
    """Pushes through `http`, with the key that each browser was subscribed for."""

    def __init__(
        self, http: PushHttp, keys: VapidKeys, payloads: Payloads, allowed: Sequence[str], now: Callable[[], datetime]
    ) -> None:
        self._http = http
        self._keys = keys
        self._payloads = payloads
        self._allowed = allowed
        self._now = now
        self._breaker = Breaker(now)

    async def push(self, message: Message, plain: bytes, device: Subscription, until: float) -> PushAnswer:
        """What became of one browser; never raises, so that none stops another. `plain` is the whole payload."""
        try:
            endpoint = check(device.endpoint, self._allowed)
        except UnsafeUrl:
            log.warning("push endpoint refused", endpoint=_hash(device))
            return PushAnswer("rejected")
        vapid = self._keys.of(device.vapid_key)
        if vapid is None:
            return PushAnswer("rejected")
        if pause := vapid.pause(endpoint.origin, self._now()):
            return PushAnswer("refuses_us", pause)
        way = _Way(device, endpoint, vapid, until)
        answer = await self._post(way, message, plain)
        if answer.kind == "too_large":
            answer = await self._post(way, message, self._payloads.write(message, title_only=True))
        if answer.kind == "refuses_us":
            vapid.refused(endpoint.origin, (message.tenant, message.user.id), self._now())
        elif answer.kind == "sent":
            vapid.accepted(endpoint.origin, self._now())
        return answer

    async def _post(self, way: _Way, message: Message, plain: bytes) -> PushAnswer:
        seen: str | int
        try:
            headers = {
                "Authorization": way.vapid.authorization(way.endpoint.origin, self._now()),
                "Content-Encoding": "aes128gcm",
                "TTL": str(_ttl(message.expires_at, self._now())),
                "Topic": topic(message.collapse),
                "Urgency": _URGENCY[message.notification.priority],
            }
            async with self._breaker.turn(way.endpoint.origin):
                body = _encrypted(way.device, plain)
                seen, retry_after = await self._http.post(way.endpoint, headers, body, way.until)
            answer = push_answer(seen, retry_after, self._now())
        except _BadKeys:
            seen, answer = "unusable keys", PushAnswer("rejected")
        except LeftAlone as pause:
            seen, answer = "left alone", PushAnswer("retry", pause.after)
        except NO_ANSWER as error:
            seen, answer = type(error).__name__, PushAnswer("retry")
        if answer.kind != "sent":
            log.info(
                "push not taken", host=way.endpoint.host, endpoint=_hash(way.device), answer=seen, meaning=answer.kind
            )  # fmt: skip
        return answer


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
