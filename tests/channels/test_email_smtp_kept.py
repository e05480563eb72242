"""Connections to an SMTP server: kept for the next mail, replaced when dead, encrypted before anybody logs in."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from activities.channels.email import Email
from activities.channels.email_smtp import Smtp, SmtpServer
from tests.channels.certificates import self_signed
from tests.channels.conftest import message, note
from tests.channels.mails import EVIL, channel, parsed
from tests.channels.smtp_server import Mailbox, smtp, talking
from tests.world import user

Make = Callable[..., Email]


@pytest.fixture
async def mailer() -> AsyncIterator[Make]:
    """Makes channels that send by an SMTP server."""
    made: list[Email] = []

    def make(server: SmtpServer, **options: Any) -> Email:
        made.append(channel(Smtp(server, **options)))
        return made[-1]

    yield make
    for one in made:
        await one.close()


async def send(mails: Email, *ids: str) -> list[str]:
    return [(await mails.send(message(delivery_id=id_))).outcome for id_ in ids]


def got(box: Mailbox) -> list[str]:
    """The deliveries that arrived."""
    return [mail.content.partition(b"X-Punctual-Delivery: ")[2].split()[0].decode() for mail in box.mails]


async def test_one_connection_takes_one_mail_after_another(mailer: Make) -> None:
    """Also after a mail was refused; who closes the channel says goodbye."""
    box = Mailbox()
    async with smtp(box) as server:
        mails = mailer(server)
        assert await send(mails, "d1", "d2") == ["sent", "sent"]
        box.answers = {"rcpt": "550 5.7.1 no"}
        assert await send(mails, "d3") == ["failed"]
        box.answers = {"data": "452 4.3.1 full"}
        assert await send(mails, "d4") == ["retry"]
        box.answers = {}
        assert await send(mails, "d5") == ["sent"]
        await mails.close()
    assert (got(box), box.connections) == (["d1", "d2", "d4", "d5"], 1)
    assert box.left.is_set()


@pytest.mark.parametrize("command", ["rset", "mail", "rcpt"])
async def test_a_dead_connection_is_replaced_before_the_mail_is_out(command: str, mailer: Make) -> None:
    """The server has hung up meanwhile: the same attempt goes on over a new one, and the mail arrives once."""
    box = Mailbox()
    async with smtp(box) as server:
        mails = mailer(server)
        await send(mails, "d1")
        box.drops_at = command
        assert await send(mails, "d2") == ["sent"]
    assert (got(box), box.connections) == (["d1", "d2"], 2)


async def test_a_server_that_ends_its_service_is_asked_anew_once(mailer: Make) -> None:
    """421 on a kept connection is no word about the mail; on the new one it is: later."""
    box = Mailbox()
    async with smtp(box) as server:
        mails = mailer(server)
        await send(mails, "d1")
        box.answers = {"mail": "421 4.4.2 too many"}
        assert await send(mails, "d2") == ["retry"]
    assert (got(box), box.connections) == (["d1"], 2)


async def test_once_the_mail_is_out_there_is_no_second_try(mailer: Make) -> None:
    """A kept connection that dies at DATA leaves the mail unknown."""
    box = Mailbox()
    async with smtp(box) as server:
        mails = mailer(server)
        await send(mails, "d1")
        box.drops_at = "data"
        assert await send(mails, "d2") == ["unknown"]
    assert (got(box), box.connections) == (["d1", "d2"], 1)


async def test_a_server_that_answers_out_of_turn_is_not_kept(mailer: Make) -> None:
    """Nobody knows what its next answer would be about; what it may have got is unknown."""
    connections = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        writer.write(b"220 x\r\n")
        while line := await reader.readline():
            writer.write(b"250 x\r\n250 x\r\n" if line.startswith(b"MAIL") else b"250 x\r\n")

    async with talking(talk) as server:
        assert await send(mailer(server), "d1", "d2") == ["unknown", "unknown"]
    assert connections == 2


async def test_mails_at_once_have_connections_of_their_own(mailer: Make) -> None:
    """No two mails share one, and afterwards all are kept."""
    box = Mailbox()
    async with smtp(box) as server:
        mails = mailer(server)
        for round_ in "ab":
            results = await asyncio.gather(*(mails.send(message(delivery_id=f"{round_}{n}")) for n in range(4)))
            assert {result.outcome for result in results} == {"sent"}
    assert sorted(got(box)) == [f"{round_}{number}" for round_ in "ab" for number in range(4)]
    assert box.connections == 4


async def test_an_idle_connection_is_closed(mailer: Make) -> None:
    """After its time, politely; the next mail makes a new one."""
    box = Mailbox()
    async with smtp(box) as server:
        mails = mailer(server, idle=0.01)
        await send(mails, "d1")
        await asyncio.wait_for(box.left.wait(), 10)
        assert await send(mails, "d2") == ["sent"]
    assert box.connections == 2


async def test_credentials_go_out_once_the_connection_is_encrypted(
    mailer: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """STARTTLS first, and only with a certificate that is trusted: to a server that has another one, nothing goes."""
    monkeypatch.setattr(SmtpServer, "is_loopback", False)
    box = Mailbox()
    theirs, ours = self_signed(tmp_path)
    async with smtp(box, tls_context=theirs) as server:
        secret = replace(server, username="asha", password="planted")
        assert await send(mailer(secret), "d1") == ["retry"]
        assert (box.logins, box.asked) == ([], 0)
        assert await send(mailer(secret, tls=ours), "d2", "d3") == ["sent", "sent"]
    assert [(login.removeprefix(b"\0"), encrypted) for login, encrypted in box.logins] == [(b"planted", True)]
    assert got(box) == ["d2", "d3"]


@pytest.mark.parametrize(
    ("answers", "bounced"),
    [
        ({"rcpt": "550 5.1.1 <asha@example.com> unknown"}, "asha@example.com"),
        ({"data": "550 5.1.10 null MX"}, "asha@example.com"),
        ({"rcpt": "550 no such user"}, None),
        ({"rcpt": "550 5.7.1 policy"}, None),
        ({"rcpt": "553 5.1.8 your domain is unknown"}, None),
        ({"rcpt": "450 4.1.1 greylisted"}, None),
        ({"mail": "550 5.1.1 not you"}, None),
    ],
)
async def test_only_an_unknown_address_bounces(answers: dict[str, str], bounced: str | None, mailer: Make) -> None:
    """Policy, or what is wrong with ourselves, says nothing about the recipient; the detail holds no address."""
    async with smtp(Mailbox(**answers)) as server:
        result = await mailer(server).send(message())
    assert result.bounced == bounced
    assert "@" not in result.detail
    assert "asha" not in repr(result)


async def test_a_kept_connection_that_went_silent_is_not_waited_for(
    mailer: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A firewall has forgotten it: the mail goes out by a new one within the same attempt."""
    monkeypatch.setattr("activities.channels.email_smtp_pool._PULSE", 0.05)
    mails_got = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal mails_got
        writer.write(b"220 x\r\n")
        while line := await reader.readline():
            if line.startswith(b"RSET"):
                return
            if line.startswith(b"DATA"):
                writer.write(b"354 x\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                mails_got += 1
            writer.write(b"250 x\r\n")

    async with talking(talk) as server:
        assert await send(mailer(server), "d1", "d2") == ["sent", "sent"]
    assert mails_got == 2


async def test_nobody_breaks_out_of_a_mail(mailer: Make) -> None:
    """Whatever somebody is called or a notification says: one recipient, and no header or mail besides."""
    box = Mailbox()
    async with smtp(box) as server:
        mails = mailer(server)
        for evil in EVIL:
            words = evil.replace("\ud800", "")
            told = note(title=words, message=f"{words}\r\n.\r\nMAIL FROM:<evil@example.com>\r\n")
            result = await mails.send(message(user=user("asha", name=evil), notification=told))
            assert result.outcome == "sent"
    assert [mail.rcpt_tos for mail in box.mails] == [["asha@example.com"]] * len(EVIL)
    assert {mail.mail_from for mail in box.mails} == {"punctual@crm.example"}
    read = [parsed(mail.content) for mail in box.mails]
    assert not [mail for mail in read if mail["Bcc"] or len(mail["To"].addresses) > 1]
