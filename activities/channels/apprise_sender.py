"""What SMS and chat share: one message to one target of the operator's, handed to Apprise, at most once.

Apprise tells no more than whether it worked; what it heard is in its log, which is read here and shown to nobody, for
it holds URLs. So an HTTP status of 4xx refuses, a connection that never stood is tried again, and whatever else is no
success is unknown: a silent provider, a 5xx, a redirect, a fault of the plugin. Retry-After is not to be had. Proxies
of the environment are the operator's, and are used.
"""

import asyncio
import logging
import re
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from time import monotonic
from types import ModuleType
from typing import TYPE_CHECKING, Any

from activities.channels.base import SENT, Channel, Message, Result
from activities.channels.refusals import Refusals
from activities.faults import AMBIGUOUS, EXPIRED, REFUSALS, REFUSED_WAIT, pause
from punctual.preferences import About
from settings import SettingsError
from store.directory import User
from store.engine import Connection

if TYPE_CHECKING:
    from apprise import AppriseResult, NotifyBase

DEADLINE = 10.0
"""Seconds for one message, the wait for a thread included; less than the lease of a delivery."""
AT_ONCE = 20
_BUSY = Result("retry", detail="busy")
_STATUS = re.compile(r"\berror=(\d{3})\b")
# A URL in such a line has no spaces: nobody's text can say this.
_NEVER_STOOD = re.compile(
    r"\(Caused by (NewConnection|ConnectTimeout|NameResolution|Proxy|SSLError\(SSLCertVerification)Error\("
)
_TALKATIVE = ("urllib3", "oauthlib", "requests_oauthlib")


def _utc_now() -> datetime:
    return datetime.now(UTC)


class AppriseChannel(Channel, ABC):
    """A slow channel to what the operator has named by Apprise URLs."""

    def __init__(self, *, home: str, sink: bool = False, now: Callable[[], datetime] = _utc_now) -> None:
        """`home`: where relative links start; in a `sink` nothing leaves."""
        self._home = home
        self._sink = sink
        self._now = now
        self._refusals = Refusals()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix=self.name)

    @property
    @abstractmethod
    def is_on(self) -> bool:
        """Whether the operator has named anything."""

    @abstractmethod
    def target(self, user: User) -> str | None:
        """The Apprise URL that reaches somebody, if one does."""

    @abstractmethod
    def words(self, message: Message) -> tuple[str, str]:
        """Title, which may be empty, and text."""

    def is_meant(self, service: "NotifyBase", user: User) -> bool:
        """Whether Apprise has read the target's URL as it was meant."""
        return True

    async def unreachable(
        self, db: Connection, tenant: str, users: Sequence[User], about: About
    ) -> Mapping[str, str]:
        if not self.is_on:
            return dict.fromkeys((user.id for user in users), "channel_off")
        return {user.id: "no_address" for user in users if self.target(user) is None}

    async def send(self, message: Message) -> Result:
        if not self.is_on:
            return Result("withheld", "channel_off")
        target = self.target(message.user)
        if target is None:
            return Result("withheld", "no_address")
        if self._sink:
            return SENT
        if message.asked_before:
            return AMBIGUOUS
        if message.expires_at is not None and message.expires_at <= self._now():
            return EXPIRED
        service = service_of(target)
        if service is None or not self.is_meant(service, message.user):
            return Result("failed", "rejected", detail="not taken for a target")
        return await self._hand_over(service, *self.words(message))

    async def _hand_over(self, service: "NotifyBase", title: str, text: str) -> Result:
        # What waits too long for a thread is not begun: cut off, it would be unknown for nothing.
        call = self._threads.submit(_notify, service, title, text, monotonic() + DEADLINE / 2)
        try:
            async with asyncio.timeout(DEADLINE):
                heard = await asyncio.wrap_future(call)
        except TimeoutError:
            return _BUSY if call.cancel() else _unknown("silent")
        if heard is None:
            return _BUSY
        result = meaning(heard, self._now())
        if result.after == REFUSED_WAIT:
            self._refusals.tell("the provider refuses us", channel=self.name, answer=result.detail)
        return result

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def check(setting: str, url: str) -> None:
    """Raises SettingsError for a URL without exactly one target of Apprise's; it never repeats the URL."""
    if service_of(url) is None:
        raise SettingsError(f"{setting}: must hold Apprise URLs that lead to one target each")


def service_of(url: str) -> "NotifyBase | None":
    """The service of a URL that has one target; a new one for each message, for Apprise makes one wait for itself."""
    service = _apprise().Apprise.instantiate(url, asset=_asset())
    if service is None:
        return None
    # One attempt, in one piece, and an honest answer, whatever the URL asks for.
    service.retry, service.optional, service.overflow_mode = 0, False, _apprise().OverflowMode.UPSTREAM
    service.socket_read_timeout = DEADLINE
    return service if len(service) == 1 else None


@cache
def _apprise() -> ModuleType:
    """Apprise, which takes its time to load; what it and its libraries log holds secrets."""
    logger = logging.getLogger("apprise")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import apprise  # noqa: PLC0415

        apprise.Apprise.instantiate("json://localhost")
    return apprise


@cache
def _asset() -> Any:
    """Nothing from or on the disk, no redirects, no time limit but ours, our name, and the text as it is."""
    return _apprise().AppriseAsset(
        app_id="Punctual", app_desc="Punctual", app_url="", image_url_mask="", image_url_logo="",
        async_mode=False, http_redirects=False, service_timeout=0, storage_mode="memory", interpret_emojis=False,
        pgp_autogen=False, pem_autogen=False, allow_templates=False,
    )  # fmt: skip


def _notify(service: "NotifyBase", title: str, text: str, begin_by: float) -> "AppriseResult | None":
    """Takes as long as it takes; None, and nothing done, after `begin_by`."""
    if monotonic() > begin_by:
        return None
    apprise = _apprise()
    caller = apprise.Apprise(service, asset=_asset(), log_level=logging.DEBUG)
    return caller.notify(text, title, body_format=apprise.NotifyFormat.TEXT)  # type: ignore[no-any-return]


def meaning(heard: "AppriseResult", now: datetime) -> Result:
    """What became of a message that Apprise has had one go at."""
    if heard:
        return SENT
    entries = [(entry.level, entry.message) for entry in heard.logs()]
    # Said of a part: there is more than one word on it.
    if any(level == "INFO" for level, _ in entries):
        return _unknown("in part")
    statuses = {int(code) for level, text in entries if level != "DEBUG" for code in _STATUS.findall(text)}
    faults = [text for _, text in entries if text.startswith("Socket Exception")]
    if len(statuses) == 1 and not faults:
        return _refusal(statuses.pop(), now)
    if faults and not statuses and all(_NEVER_STOOD.search(fault) for fault in faults):
        return Result("retry", detail="no connection")
    return _unknown("no clear answer")


def _refusal(status: int, now: datetime) -> Result:
    detail = f"HTTP {status}"
    if status == 429:
        return Result("retry", after=pause(None, now), detail=detail)
    if status in REFUSALS:
        return Result("retry", after=REFUSED_WAIT, detail=detail)
    if 400 <= status < 500 and status != 408:
        return Result("failed", "rejected", detail=detail)
    return _unknown(detail)


def _unknown(detail: str) -> Result:
    return Result(AMBIGUOUS.outcome, AMBIGUOUS.reason, detail=detail)
