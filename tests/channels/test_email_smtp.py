"""Email by SMTP: what each answer of a server leads to."""

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from activities.channels.base import Message, Result
from activities.channels.email_smtp import Smtp, SmtpServer
from settings import SettingsError
from tests.channels.conftest import message, note
from tests.channels.mails import channel, parsed, part
from tests.channels.smtp_server import Mailbox, smtp, talking


async def sent(server: SmtpServer, mail: Message, **options: Any) -> Result:
    """What comes of one mail to a server."""
    mails = channel(Smtp(server, **options))
    try:
        return await mails.send(mail)
    finally:
        await mails.close()


async def test_smtp_hands_over_one_mail_to_one_recipient() -> None:
    """The envelope is ours, and the content arrives whole, dots and umlauts included."""
    box = Mailbox()
    text = ".\n..dots\nÜber " + "long " * 500
    async with smtp(box) as server:
        result = await sent(server, message(notification=note(message=text)))
    assert result.outcome == "sent"
    [envelope] = box.mails
    assert envelope.mail_from == "punctual@crm.example"
    assert envelope.rcpt_tos == ["asha@example.com"]
    mail = parsed(envelope.content)
    assert text.strip() in part(mail, "plain").replace("\r\n", "\n")
    assert all(line.isascii() for line in envelope.content.split(b"\r\n"))


@pytest.mark.parametrize(
    ("answers", "outcome", "reason"),
    [
        ({"mail": "451 later"}, "retry", None),
        ({"mail": "550 no"}, "failed", "rejected"),
        ({"rcpt": "450 busy"}, "retry", None),
        ({"rcpt": "550 no such user"}, "failed", "rejected"),
        ({"data": "452 full"}, "retry", None),
        ({"data": "554 spam"}, "failed", "rejected"),
    ],
)
async def test_a_servers_word_decides(answers: dict[str, str], outcome: str, reason: str | None) -> None:
    """4xx is later, 5xx is never, at whichever command it comes."""
    box = Mailbox(**answers)
    async with smtp(box) as server:
        result = await sent(server, message())
    assert (result.outcome, result.reason) == (outcome, reason)


async def test_a_connection_lost_after_the_mail_went_out_is_ambiguous() -> None:
    """The server may have it, so the outcome is unknown."""
    box = Mailbox()
    box.drops_at = "data"
    async with smtp(box) as server:
        result = await sent(server, message())
    assert len(box.mails) == 1
    assert (result.outcome, result.reason) == ("unknown", "ambiguous")


async def test_a_mail_whose_fate_is_unknown_is_not_sent_again() -> None:
    """An earlier attempt asked the server and was cut off: at most once means not twice."""
    box = Mailbox()
    async with smtp(box) as server:
        result = await sent(server, message(asked_before=True))
    assert (result.outcome, result.reason) == ("unknown", "ambiguous")
    assert box.asked == 0


async def test_a_server_that_is_down_is_tried_again() -> None:
    """Nothing was handed over."""
    async with smtp(Mailbox()) as server:
        pass
    result = await sent(server, message())
    assert (result.outcome, result.after) == ("retry", None)


@pytest.mark.parametrize(
    ("script", "deadline", "outcome"),
    [
        ([], 0.3, "retry"),
        ([b"220 x", b"250 x", b"250 x"], 0.3, "retry"),
        # The mail has to be out by then.
        ([b"220 x", *[b"250 x"] * 3, b"354 x"], 2.0, "unknown"),
    ],
    ids=["silent from the start", "silent before DATA", "silent after the mail"],
)
async def test_a_server_that_falls_silent_is_given_up_at_the_deadline(
    script: list[bytes], deadline: float, outcome: str
) -> None:
    """Whether the mail had gone out by then decides between later and unknown."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, line in enumerate(script):
            if number:
                await reader.readline()
            writer.write(line + b"\r\n")

    async with talking(talk) as server:
        result = await asyncio.wait_for(sent(server, message(), deadline=deadline), 10)
    assert result.outcome == outcome


async def test_credentials_are_not_sent_to_another_machine_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without STARTTLS there is no login; the operator is told once, without the password."""
    heard: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 x\r\n")
        while line := await reader.readline():
            heard.append(line)
            writer.write(b"250-x\r\n250 AUTH PLAIN LOGIN\r\n" if line.startswith(b"EHLO") else b"502 no\r\n")

    monkeypatch.setattr(SmtpServer, "is_loopback", False)
    async with talking(talk) as server:
        secret = SmtpServer(server.host, server.port, "planted-user", "planted-password")
        mails = channel(Smtp(secret))
        with capture_logs() as logs:
            results = [await mails.send(message()) for _ in range(2)]
    assert [result.outcome for result in results] == ["retry", "retry"]
    assert heard
    assert not [line for line in heard if line.startswith(b"AUTH") or b"planted" in line]
    assert [entry["host"] for entry in logs if entry["log_level"] == "warning"] == ["127.0.0.1"]
    assert "planted" not in repr(logs)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", SmtpServer("mail.example", 587)),
        ("smtp://mail.example:25/", SmtpServer("mail.example", 25)),
        ("smtp://u%40x:p%2F%3A@mail.example:465", SmtpServer("mail.example", 465, "u@x", "p/:")),
    ],
)
def test_an_smtp_url_names_server_and_credentials(url: str, expected: SmtpServer) -> None:
    """Special characters are percent-encoded; submission is the default port."""
    found = SmtpServer.parse(url)
    assert found == expected
    assert "u@x" not in repr(found) and "p/:" not in repr(found)


@pytest.mark.parametrize(
    "url", ["smtp://", "smtp://planted@:25", "smtp://planted@h:x", "smtp://u:planted/x@h", "smtp://h/planted"]
)
def test_a_malformed_smtp_url_stops_the_start(url: str) -> None:
    """The line names the setting and does not repeat the password."""
    with pytest.raises(SettingsError, match=r"^EMAIL_URL: ") as caught:
        SmtpServer.parse(url)
    assert "planted" not in str(caught.value)
