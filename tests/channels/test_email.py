"""Email: what is written, and what each answer of a server leads to."""

import asyncio
import email
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP as SmtpProtocol
from structlog.testing import capture_logs

from activities.channels.base import Message
from activities.channels.email import Email, transport
from activities.channels.email_message import one_address, one_line
from activities.channels.email_transports import Outbox, Smtp, SmtpServer
from settings import Settings, SettingsError
from store.engine import Database
from tests.channels.conftest import HOME, NOW, message, note
from tests.world import TENANT, user

SENDER = "Punctual <punctual@crm.example>"


def channel(sends_by: Any, **options: Any) -> Email:
    return Email(sends_by, **{"sender": SENDER, "home": HOME, "now": lambda: NOW, **options})


async def written(folder: Path, sent: Message) -> EmailMessage:
    """The mail that the outbox holds for a message, parsed."""
    assert (await channel(Outbox(folder)).send(sent)).outcome == "sent"
    return parsed((folder / f"{sent.delivery_id}.eml").read_bytes())


def parsed(content: bytes) -> EmailMessage:
    mail = email.message_from_bytes(content, policy=default)
    assert isinstance(mail, EmailMessage)
    assert not mail.defects
    return mail


class Elements(HTMLParser):
    """The elements of a page, as a reader of HTML sees them."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.links: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        if tag == "a":
            self.links.append(dict(attrs)["href"])


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    content: str = found.get_content()
    return content


async def test_a_mail_has_its_headers_and_both_texts(tmp_path: Path) -> None:
    """Who, to whom, what, when, and by which delivery."""
    mail = await written(tmp_path, message())
    assert {name: str(mail[name]) for name in mail if name not in ("Content-Type", "MIME-Version")} == {
        "From": SENDER,
        "To": "Asha <asha@example.com>",
        "Subject": "10:00: Visit",
        "Date": "Fri, 20 Nov 2026 09:00:00 +0000",
        "Message-ID": "<d1@crm.example>",
        "Auto-Submitted": "auto-generated",
        "X-Punctual-Delivery": "d1",
    }
    assert mail.get_content_type() == "multipart/alternative"
    assert part(mail, "plain").replace("\r\n", "\n").strip() == (
        "10:00: Visit\n\nYour appointment with Meera starts in one hour.\n\n"
        "Open appointment: https://crm.example/appointments/42\n\n--\nSent by Punctual for acme"
    )
    html = part(mail, "html")
    assert 'href="https://crm.example/appointments/42"' in html
    assert "prefers-color-scheme: dark" in html
    assert re.search(r'<h1[^>]*style="[^"]*font-size: 20px', html)
    assert "Sent by Punctual for acme" in html


async def test_texts_are_text_in_html(tmp_path: Path) -> None:
    """What a customer typed is shown and not obeyed; line breaks stay."""
    evil = '<img src=x onerror=alert(1)> & "quotes" </style><script>'
    link = '/x?a="><script>'
    mail = await written(
        tmp_path, message(notification=note(title=evil, message=f"{evil}\ntwo\n\nthree", action_url=link))
    )
    html = part(mail, "html")
    seen = Elements()
    seen.feed(html)
    assert not {"script", "img"} & set(seen.names)
    assert seen.links == [f"https://crm.example{link}"]
    assert seen.names.count("p") == 2
    assert seen.names.count("br") == 1
    assert evil in part(mail, "plain")


async def test_a_mail_without_a_link_has_no_button(tmp_path: Path) -> None:
    """Neither text ends in an empty link."""
    bare = note(action_url=None, action_text=None, actions=[])
    mail = await written(tmp_path, message(notification=bare))
    assert "<a " not in part(mail, "html")
    assert "http" not in part(mail, "plain")


@pytest.mark.parametrize(
    ("locale", "attributes"),
    [("hi-IN", 'lang="hi-IN" dir="ltr"'), ("ar", 'lang="ar" dir="rtl"'), ("nonsense", 'lang="en" dir="ltr"')],
)
async def test_the_layout_follows_the_readers_locale(tmp_path: Path, locale: str, attributes: str) -> None:
    """Screen readers and browsers need the language and its direction."""
    mail = await written(tmp_path, message(user=user("asha", locale=locale)))
    assert f"<html {attributes}>" in part(mail, "html")


@pytest.mark.parametrize(
    "evil",
    [
        "a\r\nBcc: evil@example.com",
        "a\nBcc: evil@example.com",
        "a\rBcc: evil@example.com",
        "a\x0bBcc: evil@example.com",
        "a\u2028Bcc: evil@example.com",
        "a\x85Bcc: evil@example.com",
        "a\x00b",
        "=?utf-8?q?a=0D=0ABcc:_evil=40example.com?=",
        "=?utf-8?b?YQ0KQmNjOiBldmlsQGV4YW1wbGUuY29t?=",
        'a" <evil@example.com>, "b',
        "evil@example.com, b",
        "a\ud800b",
        "é" * 500,
    ],
)
async def test_nobody_breaks_out_of_a_header(tmp_path: Path, evil: str) -> None:
    """A name or a title adds no header and no second recipient, encoded or not."""
    sent = message(user=user("asha", name=evil), notification=note(title=evil.replace("\ud800", "")))
    assert (await channel(Outbox(tmp_path)).send(sent)).outcome == "sent"
    content = (tmp_path / "d1.eml").read_bytes()
    head = content.partition(b"\r\n\r\n")[0]
    assert not re.search(rb"(?im)^bcc", head)
    assert b"\r" not in head.replace(b"\r\n", b"") and b"\n" not in head.replace(b"\r\n", b"")
    mail = parsed(content)
    assert mail["Bcc"] is None
    assert [address.addr_spec for address in mail["To"].addresses] == ["asha@example.com"]
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028]", mail["Subject"] + mail["To"].addresses[0].display_name)
    assert max(map(len, content.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    "address",
    [
        None, "", "asha", "a@b@example.com", "a@example.com, b@example.com", "a@example.com;b@example.com",
        "Asha <a@example.com>", "a@example.com\r\nBcc: b@example.com", "a b@example.com", "a@[127.0.0.1]",
        '"a\r\n"@example.com', "é@example.com", "a@example..com", "a@" + "x" * 300 + ".com",
    ],
)  # fmt: skip
async def test_what_is_not_exactly_one_address_is_no_address(
    sqlite: Database, tmp_path: Path, address: str | None
) -> None:
    """It is withheld when planned, and once more when sent."""
    assert one_address(address) is None
    person = user("asha", email=address)
    mails = channel(Outbox(tmp_path / "outbox"))
    async with sqlite.read() as db:
        assert await mails.unreachable(db, TENANT, [person, user("ben")]) == {"asha": "no_address"}
    result = await mails.send(message(user=person))
    assert (result.outcome, result.reason) == ("withheld", "no_address")
    assert not (tmp_path / "outbox").exists()


def test_an_international_domain_is_written_in_ascii() -> None:
    """Every server understands it; names of machines inside a company pass too."""
    assert one_address("a@bücher.example") == "a@xn--bcher-kva.example"
    assert one_address("asha@mailhost") == "asha@mailhost"
    assert one_line(" a \t b ") == "a b"


async def test_the_same_delivery_again_is_the_same_file(tmp_path: Path) -> None:
    """So a repetition after a crash is harmless, and readers never see half a mail."""
    mails = channel(Outbox(tmp_path))
    for asked_before in (False, True):
        assert (await mails.send(message(asked_before=asked_before))).outcome == "sent"
    await mails.send(message(delivery_id="d2"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d1.eml", "d2.eml"]


async def test_an_outbox_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    """A full disk is a fault like others."""
    (tmp_path / "outbox").write_text("a file where the folder should be")
    result = await channel(Outbox(tmp_path / "outbox")).send(message())
    assert result.outcome == "retry"


async def test_without_a_transport_the_channel_is_off(sqlite: Database) -> None:
    """It is a setting that is missing, not an address."""
    async with sqlite.read() as db:
        assert await channel(None).unreachable(db, TENANT, [user("asha")]) == {"asha": "channel_off"}


async def test_in_a_sink_nothing_is_written(tmp_path: Path) -> None:
    """The message counts as sent."""
    result = await channel(Outbox(tmp_path / "outbox"), sink=True).send(message())
    assert result.outcome == "sent"
    assert not (tmp_path / "outbox").exists()


async def test_what_has_expired_is_not_mailed(tmp_path: Path) -> None:
    """A retry that comes after the instant that a reminder announces says so."""
    result = await channel(Outbox(tmp_path / "outbox")).send(message(expires_at=NOW))
    assert (result.outcome, result.reason) == ("expired", "expired")
    assert not (tmp_path / "outbox").exists()


class Mailbox:
    """The handler of an SMTP server that answers as it is told to."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.mails: list[Any] = []
        self.asked = 0
        self.drop_after_data = False

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        self.asked += 1
        envelope.mail_from = address
        return self.answers.get("mail", "250 OK")

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if "rcpt" not in self.answers:
            envelope.rcpt_tos.append(address)
        return self.answers.get("rcpt", "250 OK")

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(envelope)
        if self.drop_after_data:
            server.transport.abort()
        return self.answers.get("data", "250 OK")


@asynccontextmanager
async def smtp(box: Mailbox) -> AsyncIterator[SmtpServer]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SmtpProtocol(box, hostname="test", loop=loop), "127.0.0.1", 0)
    try:
        yield SmtpServer("127.0.0.1", server.sockets[0].getsockname()[1])
    finally:
        server.close()


async def test_smtp_hands_over_one_mail_to_one_recipient() -> None:
    """The envelope is ours, and the content arrives whole, dots and umlauts included."""
    box = Mailbox()
    text = ".\n..dots\nÜber " + "long " * 500
    async with smtp(box) as server:
        result = await channel(Smtp(server)).send(message(notification=note(message=text)))
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
        result = await channel(Smtp(server)).send(message())
    assert (result.outcome, result.reason) == (outcome, reason)


async def test_a_connection_lost_after_the_mail_went_out_is_ambiguous() -> None:
    """The server may have it, so the outcome is unknown."""
    box = Mailbox()
    box.drop_after_data = True
    async with smtp(box) as server:
        result = await channel(Smtp(server)).send(message())
    assert len(box.mails) == 1
    assert (result.outcome, result.reason) == ("unknown", "ambiguous")


async def test_a_mail_whose_fate_is_unknown_is_not_sent_again() -> None:
    """An earlier attempt asked the server and was cut off: at most once means not twice."""
    box = Mailbox()
    async with smtp(box) as server:
        result = await channel(Smtp(server)).send(message(asked_before=True))
    assert (result.outcome, result.reason) == ("unknown", "ambiguous")
    assert box.asked == 0


async def test_a_server_that_is_down_is_tried_again() -> None:
    """Nothing was handed over."""
    async with smtp(Mailbox()) as server:
        pass
    result = await channel(Smtp(server)).send(message())
    assert (result.outcome, result.after) == ("retry", None)


@asynccontextmanager
async def talking(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[SmtpServer]:
    """A server that says what `talk` says."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
            await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield SmtpServer("127.0.0.1", server.sockets[0].getsockname()[1])
    finally:
        server.close()


@pytest.mark.parametrize(
    ("script", "outcome"),
    [([], "retry"), ([b"220 x", b"250 x", b"250 x"], "retry"), ([b"220 x", *[b"250 x"] * 3, b"354 x"], "unknown")],
    ids=["silent from the start", "silent before DATA", "silent after the mail"],
)
async def test_a_server_that_falls_silent_is_given_up_at_the_deadline(script: list[bytes], outcome: str) -> None:
    """Whether the mail had gone out by then decides between later and unknown."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, line in enumerate(script):
            if number:
                await reader.readline()
            writer.write(line + b"\r\n")

    async with talking(talk) as server:
        result = await asyncio.wait_for(channel(Smtp(server, deadline=0.3)).send(message()), 10)
    assert result.outcome == outcome


async def test_credentials_are_not_sent_to_another_machine_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without STARTTLS there is no login; the operator is told, without the password."""
    heard: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 x\r\n")
        while line := await reader.readline():
            heard.append(line)
            writer.write(b"250-x\r\n250 AUTH PLAIN LOGIN\r\n" if line.startswith(b"EHLO") else b"502 no\r\n")

    monkeypatch.setattr(SmtpServer, "is_loopback", False)
    async with talking(talk) as server:
        secret = SmtpServer(server.host, server.port, "planted-user", "planted-password")
        with capture_logs() as logs:
            result = await channel(Smtp(secret)).send(message())
    assert result.outcome == "retry"
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
    assert SmtpServer.parse(url) == expected


@pytest.mark.parametrize(
    "url", ["smtp://", "smtp://planted@:25", "smtp://planted@h:x", "smtp://u:planted/x@h", "smtp://h/planted"]
)
def test_a_malformed_smtp_url_stops_the_start(url: str) -> None:
    """The line names the setting and does not repeat the password."""
    with pytest.raises(SettingsError, match=r"^EMAIL_URL: ") as caught:
        SmtpServer.parse(url)
    assert "planted" not in str(caught.value)


def test_the_transport_is_what_the_settings_name(tmp_path: Path) -> None:
    """None, a folder in DATA, or a server."""
    settings = Settings(data=tmp_path, email_url=None)
    assert transport(settings) is None
    assert isinstance(transport(Settings(data=tmp_path, email_url="outbox:")), Outbox)
    assert isinstance(transport(Settings(data=tmp_path, email_url="smtp://mail.example")), Smtp)
