"""What the answers of providers mean."""

from datetime import UTC, datetime, timedelta

import pytest
from aiosmtplib import errors

from activities.faults import LONGEST_WAIT, pause, push_answer, smtp_fault

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 30),
        ("", 30),
        ("120", 120),
        (" 120 ", 120),
        ("0", 1),
        ("Fri, 20 Nov 2026 09:05:00 GMT", 300),
        ("Fri, 20 Nov 2026 09:05:00 -0000", 300),
        ("Fri, 20 Nov 2026 08:00:00 GMT", 30),
        ("-5", 30),
        ("1.5", 30),
        ("NaN", 30),
        ("soon", 30),
        ("¹²", 30),
        ("Fri, 99 Nov 2026 09:05:00 GMT", 30),
        ("Fri, 20 Nov 99999999999 09:05:00 GMT", 30),
    ],
)
def test_retry_after_is_understood_in_every_form(header: str | None, seconds: int) -> None:
    """Seconds, a date, absent, past or nonsense: never less than asked, and at most a fifth more."""
    waits = [pause(header, NOW) for _ in range(50)]
    assert all(timedelta(seconds=seconds) <= wait <= timedelta(seconds=seconds * 1.2) for wait in waits)
    assert len(set(waits)) > 1


@pytest.mark.parametrize("header", ["86400", "9" * 30, "9" * 5000, "Fri, 20 Nov 2099 09:05:00 GMT"])
def test_an_absurd_retry_after_is_capped(header: str) -> None:
    """An hour is the most that a provider can take from a reminder."""
    assert pause(header, NOW) == LONGEST_WAIT


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, "sent"), (201, "sent"), (202, "sent"), (304, "rejected"), (307, "rejected"), (400, "rejected"),
        (401, "refuses_us"), (403, "refuses_us"), (404, "gone"), (408, "retry"), (410, "gone"),
        (413, "too_large"), (429, "retry"), (500, "retry"), (502, "retry"), (503, "retry"), (504, "retry"),
    ],
)  # fmt: skip
def test_each_status_of_a_push_service_has_one_meaning(status: int, kind: str) -> None:
    """In one table, so that a change of mind is a change of one line."""
    assert push_answer(status, None, NOW).kind == kind


@pytest.mark.parametrize(
    ("error", "body_sent", "outcome", "reason"),
    [
        (errors.SMTPConnectError("x"), False, "retry", None),
        (errors.SMTPConnectTimeoutError("x"), False, "retry", None),
        (errors.SMTPServerDisconnected("x"), False, "retry", None),
        (TimeoutError(), False, "retry", None),
        (OSError(), False, "retry", None),
        (errors.SMTPAuthenticationError(535, "x"), False, "retry", None),
        (errors.SMTPException("STARTTLS is not supported"), False, "retry", None),
        (errors.SMTPSenderRefused(451, "x", "a@b.example"), False, "retry", None),
        (errors.SMTPRecipientRefused(450, "x", "a@b.example"), False, "retry", None),
        (errors.SMTPRecipientRefused(550, "x", "a@b.example"), False, "failed", "rejected"),
        (errors.SMTPDataError(451, "x"), True, "retry", None),
        (errors.SMTPDataError(554, "x"), True, "failed", "rejected"),
        (errors.SMTPDataError(251, "x"), True, "unknown", "ambiguous"),
        (errors.SMTPServerDisconnected("x"), True, "unknown", "ambiguous"),
        (errors.SMTPReadTimeoutError("x"), True, "unknown", "ambiguous"),
        (TimeoutError(), True, "unknown", "ambiguous"),
    ],
)
def test_each_fault_of_an_smtp_session_has_one_meaning(
    error: Exception, body_sent: bool, outcome: str, reason: str | None
) -> None:
    """What the server may have is never said to be failed, and what it refused is never said to be unknown."""
    found = smtp_fault(error, body_sent=body_sent)
    assert (found.outcome, found.reason) == (outcome, reason)


def test_a_server_that_refuses_us_is_left_alone_for_minutes() -> None:
    """A wrong password becomes right by an operator, not by asking every two seconds."""
    refused = smtp_fault(errors.SMTPAuthenticationError(535, "x"), body_sent=False)
    busy = smtp_fault(errors.SMTPAuthenticationError(454, "x"), body_sent=False)
    assert refused.after == timedelta(minutes=10)
    assert busy.after is None
