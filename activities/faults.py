"""What the answers of providers mean: the one place that decides between retry, delay, give up and ambiguous."""

import random
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import Message as Headers
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

REFUSALS = (401, 403)
"""The HTTP statuses by which a provider refuses us."""

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
    if status in REFUSALS:
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


def sendgrid_answer(status: int, headers: Headers, now: datetime, field: str = "") -> Result:
    """The meaning of SendGrid's HTTP status for one mail; `field`: which one of our request it minds."""
    detail = f"SendGrid {status} {field}".strip()
    if 200 <= status < 300:
        message_id = headers.get("X-Message-Id", "")
        known = re.fullmatch(r"[A-Za-z0-9_.-]{1,128}", message_id)
        return Result("sent", progress={"message_id": message_id} if known else {})
    if status in REFUSALS:
        return Result("retry", after=REFUSED_WAIT, detail=detail)
    if status in (408, 429):
        return Result("retry", after=_until_reset(headers, now), detail=detail)
    if 400 <= status < 500:
        return Result("failed", "rejected", detail=detail)
    if 300 <= status < 400:
        # The mail goes to SENDGRID_API_HOST or nowhere.
        return Result("failed", "provider_error", detail=detail)
    return Result(AMBIGUOUS.outcome, AMBIGUOUS.reason, detail=detail)


def sendgrid_fault(error: Exception, *, has_begun: bool) -> Result:
    """The meaning of no answer at all; `has_begun`: some of the request, and so all of it, may have arrived."""
    detail = type(error).__name__
    return Result(AMBIGUOUS.outcome, AMBIGUOUS.reason, detail=detail) if has_begun else Result("retry", detail=detail)


def _until_reset(headers: Headers, now: datetime) -> timedelta:
    """How long SendGrid wants to be left alone: X-RateLimit-Reset is in epoch seconds; else Retry-After says."""
    reset = headers.get("X-RateLimit-Reset") or ""
    left = int(reset) - int(now.timestamp()) if re.fullmatch(r"[0-9]{1,15}", reset) else 0
    return pause(str(left) if left > 0 else headers.get("Retry-After"), now)


def smtp_fault(error: Exception, *, body_sent: bool) -> Result:
    """The meaning of a failed SMTP session (aiosmtplib's errors, OSError, TimeoutError).

    `body_sent`: the DATA command was given, so that the server may have the mail unless it said otherwise.
    """
    detail = type(error).__name__
    if isinstance(error, SMTPResponseException):
        enhanced = re.match(r"[245](\.[0-9]{1,3}){2}", error.message)
        detail = f"{detail} {error.code} {enhanced[0] if enhanced else ''}".strip()
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


def no_such_address(error: Exception) -> bool:
    """Whether an SMTP server refused a mail because its recipient's address does not exist, now or ever.

    Only the enhanced status (RFC 3463) says so; what else 550 may mean is policy, or our own address.
    """
    if not isinstance(error, SMTPRecipientRefused | SMTPDataError) or error.code not in (550, 551, 553):
        return False
    return re.match(r"5\.1\.(1|2|3|6|10)(?![0-9])", error.message) is not None
