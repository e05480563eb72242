"""What the answers of providers mean: the one place that decides between retry, delay, give up and ambiguous."""

import random
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

from aiosmtplib.errors import (
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from activities.channels.base import Result

BUSY_WAIT = timedelta(seconds=30)
"""How long a provider is left alone that asks for a pause without saying how long."""
LONGEST_WAIT = timedelta(hours=1)
REFUSED_WAIT = timedelta(minutes=10)
"""How long a provider is left alone that refuses us, and not the message: an operator has to act first."""

AMBIGUOUS = Result("unknown", "ambiguous", detail="the provider may have it")
EXPIRED = Result("expired", "expired")


@dataclass(frozen=True)
class PushAnswer:
    """What one push service said to one push; `after` is how long it wants to be left alone."""

    kind: Literal["sent", "gone", "refuses_us", "too_large", "retry", "rejected"]
    after: timedelta | None = None


def push_answer(status: int, retry_after: str | None, now: datetime) -> PushAnswer:
    """The meaning of a push service's HTTP status (RFC 8030, and what the services do)."""
    if 200 <= status < 300:
        return PushAnswer("sent")
    if status in (404, 410):
        return PushAnswer("gone")
    if status in (401, 403):
        return PushAnswer("refuses_us", REFUSED_WAIT)
    if status == 413:
        return PushAnswer("too_large")
    if status in (429, 503):
        return PushAnswer("retry", pause(retry_after, now))
    if status == 408 or status >= 500:
        return PushAnswer("retry")
    return PushAnswer("rejected")


def pause(retry_after: str | None, now: datetime) -> timedelta:
    """How long to wait for a Retry-After header of seconds, of an HTTP date, or of nonsense; up to a fifth longer."""
    asked = _asked(retry_after.strip(), now) if retry_after else None
    wait = max(asked if asked is not None else BUSY_WAIT, timedelta(seconds=1))
    return min(wait * random.uniform(1, 1.2), LONGEST_WAIT)  # noqa: S311


def _asked(text: str, now: datetime) -> timedelta | None:
    if re.fullmatch(r"[0-9]+", text):
        return timedelta(seconds=int(text)) if len(text) <= 9 else LONGEST_WAIT
    try:
        moment = parsedate_to_datetime(text)
        left = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    except (ValueError, OverflowError):
        return None
    return left if left > timedelta(0) else None


def smtp_fault(error: Exception, *, body_sent: bool) -> Result:
    """The meaning of a failed SMTP session (aiosmtplib's errors, OSError, TimeoutError).

    `body_sent`: the DATA command was given, so that the server may have the mail unless it said otherwise.
    """
    detail = type(error).__name__
    if isinstance(error, SMTPResponseException):
        detail = f"{detail} {error.code}"
    if isinstance(error, SMTPDataError | SMTPRecipientRefused | SMTPSenderRefused):
        if 500 <= error.code < 600:
            return Result("failed", "rejected", detail=detail)
        if 400 <= error.code < 500:
            return Result("retry", detail=detail)
    if body_sent:
        return Result(AMBIGUOUS.outcome, AMBIGUOUS.reason, detail=detail)
    if refuses_us(error):
        return Result("retry", after=REFUSED_WAIT, detail=detail)
    return Result("retry", detail=detail)


def refuses_us(error: Exception) -> bool:
    """Whether an SMTP server will have nothing to do with us, whatever the message: a matter for the operator."""
    if isinstance(error, SMTPResponseException):
        judges_mail = isinstance(error, SMTPDataError | SMTPRecipientRefused | SMTPSenderRefused)
        return not judges_mail and 500 <= error.code < 600
    return isinstance(error, SMTPException) and not isinstance(error, ConnectionError | TimeoutError)
