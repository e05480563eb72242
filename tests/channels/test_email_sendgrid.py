"""Email by SendGrid: what is posted, what each answer leads to, and that no mail is posted twice."""

import asyncio
import logging
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from activities.channels.email import Email
from activities.channels.email_message import Mails
from activities.channels.email_sendgrid import SendGrid
from tests.channels.certificates import self_signed
from tests.channels.conftest import HOME, NOW, message, note
from tests.channels.mails import EVIL, SENDER, VAULT, channel, part
from tests.channels.sendgrid_api import CUT, DRIP, KEY, STALL, Act, SendGridApi, sendgrid_api
from tests.world import TENANT, user

Make = Callable[..., Email]


@pytest.fixture
async def mailer() -> AsyncIterator[Make]:
    """Makes channels that send by a double."""
    made: list[Email] = []

    def make(api: SendGridApi | str, **options: Any) -> Email:
        made.append(channel(SendGrid(KEY, api if isinstance(api, str) else api.origin, **options)))
        return made[-1]

    yield make
    for one in made:
        await one.close()


async def test_sendgrid_gets_the_whole_mail(mailer: Make) -> None:
    """One recipient, both texts, our headers, and by which tenant and delivery its events are to be known."""
    async with sendgrid_api(Act(headers={"X-Message-Id": "abc-123"})) as api:
        result = await mailer(api).send(message())
    assert (result.outcome, result.progress) == ("sent", {"message_id": "abc-123"})
    [posted] = api.posted
    assert posted.path == "/v3/mail/send"
    assert posted.headers["authorization"] == f"Bearer {KEY}"
    assert posted.headers["host"] in api.origin
    mail = Mails(SENDER, HOME, VAULT, lambda: NOW).write(message(), "asha@example.com")
    body = posted.body
    content = [entry.pop("value") for entry in body["content"]]
    links = re.compile(r"(https://crm.example/[uc]/)[\w-]+")
    assert [links.sub(r"\1", text) for text in content] == [
        links.sub(r"\1", part(mail, kind)) for kind in ("plain", "html")
    ]
    assert "/c/" in content[1]
    unsubscribe = body["headers"].pop("List-Unsubscribe")
    assert re.fullmatch(r"<https://crm.example/u/[\w-]+>", unsubscribe)
    assert unsubscribe.strip("<>") in content[0]
    assert body == {
        "personalizations": [
            {
                "to": [{"email": "asha@example.com", "name": "Asha"}],
                "custom_args": {"punctual_tenant": TENANT, "punctual_delivery": "d1"},
            }
        ],
        "from": {"email": "punctual@crm.example", "name": "Punctual"},
        "subject": "10:00: Visit",
        "content": [{"type": "text/plain"}, {"type": "text/html"}],
        "headers": {
            "Message-ID": "<d1@crm.example>",
            "Auto-Submitted": "auto-generated",
            "X-Punctual-Delivery": "d1",
            "X-Punctual-Tenant": TENANT,
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "subscription_tracking": {"enable": False},
        },
    }


@pytest.mark.parametrize(
    ("act", "outcome", "reason", "detail"),
    [
        (Act(200), "sent", None, ""),
        (Act(202, drips=b"x"), "sent", None, ""),
        (
            Act(400, body=b'{"errors":[{"field":"personalizations.0.to.0.email","message":"asha@example.com"}]}'),
            "failed", "rejected", "SendGrid 400 personalizations.0.to.0.email",
        ),
        (Act(400, body=b'{"errors":[{"field":"asha@example.com"}]}'), "failed", "rejected", "SendGrid 400"),
        (Act(413, body=b"[" * 100_000), "failed", "rejected", "SendGrid 413"),
        (Act(400, drips=b"x"), "failed", "rejected", "SendGrid 400"),
        (Act(429, {"Retry-After": "7"}), "retry", None, "SendGrid 429"),
        (Act(503), "unknown", "ambiguous", "SendGrid 503"),
        (CUT, "unknown", "ambiguous", "RemoteDisconnected"),
        (STALL, "unknown", "ambiguous", "TimeoutError"),
        (DRIP, "unknown", "ambiguous", "TimeoutError"),
    ],
)  # fmt: skip
async def test_an_answer_decides(act: Act, outcome: str, reason: str | None, detail: str, mailer: Make) -> None:
    """What SendGrid refused is not unknown, what it may have is not tried again, and nobody's data is kept of it."""
    ends = act.status == 202 or not (act.hangs or act.drips)
    async with sendgrid_api(act) as api:
        result = await mailer(api, deadline=10 if ends else 0.3).send(message())
    assert (result.outcome, result.reason, result.detail) == (outcome, reason, detail)
    assert len(api.posted) == 1


@pytest.mark.parametrize("act", [Act(500, reads=False), CUT], ids=["an error", "a cut"])
async def test_what_comes_before_the_mail_was_read_is_no_proof(act: Act, mailer: Make) -> None:
    """Some of the mail was on its way: unknown, as if it had been read."""
    async with sendgrid_api() as api:
        api.unread = lambda: act
        assert (await mailer(api).send(message())).outcome == "unknown"
    assert (api.posted, api.connections) == ([], 1)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_leads_nowhere(status: int, mailer: Make) -> None:
    """It is a failure; neither the key nor the mail gets to another server."""
    async with (
        sendgrid_api() as other,
        sendgrid_api(Act(status, {"Location": f"{other.origin}/v3/mail/send"})) as api,
    ):
        result = await mailer(api).send(message())
    assert (result.outcome, result.reason) == ("failed", "provider_error")
    assert (len(api.posted), other.connections) == (1, 0)


async def test_a_server_that_is_not_there_is_tried_again(mailer: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused, or without an address: nothing was handed over."""
    async with sendgrid_api() as api:
        pass
    refused = await mailer(api).send(message())

    def nowhere(*_: Any, **__: Any) -> Any:
        raise socket.gaierror("no such name")

    monkeypatch.setattr("socket.getaddrinfo", nowhere)
    unknown = await mailer("https://sendgrid.example").send(message())
    assert [(result.outcome, result.after) for result in (refused, unknown)] == [("retry", None)] * 2


async def test_only_a_trusted_server_gets_a_mail(mailer: Make, tmp_path: Path) -> None:
    """An unknown certificate ends it before anything was said; a known one does not."""
    server, client = self_signed(tmp_path)
    async with sendgrid_api(tls=server) as api:
        assert (await mailer(api).send(message())).outcome == "retry"
        assert api.posted == []
        assert (await mailer(api, tls=client).send(message())).outcome == "sent"
    assert len(api.posted) == 1


async def test_the_deadline_ends_the_call_itself(
    mailer: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With a single thread the next mail goes out at once, although the server goes on dripping; over TLS too."""
    monkeypatch.setattr(SendGrid, "at_once", 1)
    server, client = self_signed(tmp_path)
    async with sendgrid_api(DRIP, STALL, tls=server) as api:
        mails = mailer(api, deadline=0.4, tls=client)
        assert [(await mails.send(message())).outcome for _ in range(2)] == ["unknown", "unknown"]
        mails._transport._deadline = 10  # type: ignore[union-attr]
        assert (await asyncio.wait_for(mails.send(message()), 10)).outcome == "sent"


async def test_a_server_that_says_nothing_before_tls_gets_nothing(mailer: Make) -> None:
    """The handshake counts against the deadline, and a mail that was never begun is tried again."""
    async with sendgrid_api(STALL) as api:
        secure = mailer(api.origin.replace("http:", "https:"), deadline=0.3)
        assert (await secure.send(message())).outcome == "retry"
    assert api.posted == []


async def test_there_are_as_many_turns_as_threads(mailer: Make) -> None:
    """So that no mail waits for a thread once its lease has begun."""
    async with sendgrid_api() as api, AsyncExitStack() as turns:
        mails = mailer(api)
        for _ in range(SendGrid.at_once):
            await turns.enter_async_context(mails.turn)
        assert mails.turn.locked()  # type: ignore[attr-defined]


async def test_a_mail_whose_fate_is_unknown_is_not_posted_again(mailer: Make) -> None:
    """An earlier attempt asked SendGrid and was cut off: its events will tell."""
    async with sendgrid_api() as api:
        result = await mailer(api).send(message(asked_before=True))
    assert (result.outcome, api.connections) == ("unknown", 0)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_is_told_once_and_the_mails_stay(status: int, mailer: Make) -> None:
    """An operator has to act; a mail is tried again every ten minutes, and the log has one line of it."""
    async with sendgrid_api(Act(status), Act(status)) as api:
        mails = mailer(api)
        with capture_logs() as logs:
            results = [await mails.send(message()) for _ in range(2)]
    assert {(result.outcome, result.after) for result in results} == {("retry", timedelta(minutes=10))}
    assert [entry["log_level"] for entry in logs] == ["warning"]


async def test_the_log_holds_neither_key_nor_mail(
    mailer: Make, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much is logged; and no proxy of the environment hears of it."""
    async with sendgrid_api() as proxy, sendgrid_api(Act(400), Act(401)) as api:
        monkeypatch.setenv("http_proxy", proxy.origin)
        with caplog.at_level(logging.DEBUG), capture_logs() as logs:
            for _ in range(3):
                await mailer(api).send(message())
    said = caplog.text + repr(logs)
    assert not re.search(r"planted|asha@|Visit", said)
    assert (len(api.posted), proxy.connections) == (3, 0)


@pytest.mark.parametrize("evil", EVIL)
async def test_nobody_breaks_out_of_a_field(evil: str, mailer: Make) -> None:
    """A name or a title adds no header, no second recipient, and no line."""
    sent = message(user=user("asha", name=evil), notification=note(title=evil.replace("\ud800", "")))
    async with sendgrid_api() as api:
        assert (await mailer(api).send(sent)).outcome == "sent"
    body = api.posted[0].body
    [person] = body["personalizations"]
    assert [to["email"] for to in person["to"]] == ["asha@example.com"]
    fields = [body["subject"], person["to"][0].get("name", ""), *body["headers"].values()]
    assert not [text for text in fields if re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]|=\?", text)]
    assert set(person) == {"to", "custom_args"}


async def test_what_is_not_one_address_is_not_posted(mailer: Make) -> None:
    """The library would take the first of two."""
    async with sendgrid_api() as api:
        mails = mailer(api)
        for address in ("a@example.com, b@example.com", "a@example.com\r\nBcc: b@example.com", "a@b@example.com"):
            assert (await mails.send(message(user=user("asha", email=address)))).reason == "no_address"
    assert api.connections == 0
