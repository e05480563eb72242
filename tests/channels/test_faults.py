"""What the answers of providers mean."""

from datetime import UTC, datetime, timedelta
from email.message import Message

import pytest
from aiosmtplib import errors

from activities.faults import LONGEST_WAIT, pause, push_answer, sendgrid_answer, sendgrid_fault, smtp_fault

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


def headers(**values: str) -> Message:
    found = Message()
    for name, value in values.items():
        found[name.replace("_", "-")] = value
    return found


@pytest.mark.parametrize(
    ("status", "outcome", "reason"),
    [
        (103, "unknown", "ambiguous"), (200, "sent", None), (202, "sent", None),
        (302, "failed", "provider_error"), (307, "failed", "provider_error"),
        (400, "failed", "rejected"), (401, "retry", None), (403, "retry", None), (404, "failed", "rejected"),
        (408, "retry", None), (413, "failed", "rejected"), (422, "failed", "rejected"), (429, "retry", None),
        (500, "unknown", "ambiguous"), (502, "unknown", "ambiguous"), (503, "unknown", "ambiguous"),
        (504, "unknown", "ambiguous"),
    ],
)  # fmt: skip
def test_each_status_of_sendgrid_has_one_meaning(status: int, outcome: str, reason: str | None) -> None:
    """A mail that was read is tried again only where SendGrid says that it was not taken."""
    found = sendgrid_answer(status, headers(), NOW)
    assert (found.outcome, found.reason) == (outcome, reason)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({"X_RateLimit_Reset": str(int(NOW.timestamp()) + 90)}, 90),
        ({"X_RateLimit_Reset": str(int(NOW.timestamp()) + 90), "Retry_After": "7"}, 90),
        ({"X_RateLimit_Reset": str(int(NOW.timestamp()) - 90), "Retry_After": "7"}, 7),
        ({"X_RateLimit_Reset": "soon", "Retry_After": "Fri, 20 Nov 2026 09:05:00 GMT"}, 300),
        ({"x_ratelimit_reset": "139281526367"}, 3600),
        ({"X_RateLimit_Reset": "9" * 5000}, 30),
        ({"Retry_After": "7"}, 7),
        ({}, 30),
    ],
)
def test_sendgrids_limit_is_waited_out(given: dict[str, str], seconds: int) -> None:
    """Until its reset, else as Retry-After says; an hour at the most."""
    after = sendgrid_answer(429, headers(**given), NOW).after
    assert after is not None
    assert timedelta(seconds=seconds) <= after <= min(timedelta(seconds=seconds * 1.2), LONGEST_WAIT)


@pytest.mark.parametrize(("id_", "kept"), [("a.b-c_1", {"message_id": "a.b-c_1"}), ("a b", {}), ("x" * 200, {})])
def test_sendgrids_name_for_a_mail_is_remembered(id_: str, kept: dict[str, str]) -> None:
    """If it looks like one."""
    assert sendgrid_answer(202, headers(X_Message_Id=id_), NOW).progress == kept


def test_no_answer_of_sendgrid_is_ambiguous_once_the_request_began() -> None:
    """Before that, it is as if nobody had asked."""
    assert sendgrid_fault(TimeoutError(), has_begun=False).outcome == "retry"
    assert sendgrid_fault(TimeoutError(), has_begun=True).outcome == "unknown"
