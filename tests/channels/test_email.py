"""Email: what is written, and for whom."""

import re
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from pathlib import Path

import pytest

from activities.channels.email import transport
from activities.channels.email_message import one_address, one_line
from activities.channels.email_outbox import Outbox
from activities.channels.email_sendgrid import SendGrid
from activities.channels.email_smtp import Smtp
from settings import Settings
from store.engine import Database
from store.links import LIFETIME, AcknowledgeLink, ClickLink, UnsubscribeLink
from tests.channels.conftest import ABOUT, HOME, NOW, message, note
from tests.channels.mails import EVIL, SENDER, VAULT, Elements, channel, links, parsed, part, written
from tests.world import TENANT, user


async def test_a_mail_has_its_headers_and_both_texts(tmp_path: Path) -> None:
    """Who, to whom, what, when, and by which delivery."""
    mail = await written(tmp_path, message(user=user("asha", timezone="Europe/Berlin")))
    unsubscribe = link_of(mail)
    assert {name: str(mail[name]) for name in mail if name not in ("Content-Type", "MIME-Version")} == {
        "From": SENDER,
        "To": "Asha <asha@example.com>",
        "Subject": "10:00: Visit",
        "Date": "Fri, 20 Nov 2026 09:00:00 +0000",
        "Message-ID": "<d1@crm.example>",
        "Auto-Submitted": "auto-generated",
        "X-Punctual-Delivery": "d1",
        "X-Punctual-Tenant": TENANT,
        "List-Unsubscribe": f"<{unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert mail.get_content_type() == "multipart/alternative"
    assert part(mail, "plain").replace("\r\n", "\n").strip() == (
        "10:00: Visit\n\nYour appointment with Meera starts in one hour.\n\n"
        "Open appointment: https://crm.example/appointments/42\n\n--\n"
        "You get this mail because it concerns you and your preferences allow it.\n"
        "Times are in Central European Time (Europe/Berlin).\n"
        "Sent by Punctual for acme\n"
        "Notification preferences: https://crm.example/preferences\n"
        f"Unsubscribe from mails like this: {unsubscribe}"
    )
    html = part(mail, "html")
    assert "prefers-color-scheme: dark" in html
    assert re.search(r'<h1[^>]*style="[^"]*font-size: 20px', html)
    assert "Sent by Punctual for acme" in html


def link_of(mail: EmailMessage) -> str:
    """Where a mail says that it can be unsubscribed from."""
    return str(mail["List-Unsubscribe"]).removeprefix("<").removesuffix(">")


async def test_its_button_leads_by_way_of_us(tmp_path: Path) -> None:
    """Where a click is seen; the page behind it and no other is sealed into the link."""
    url = "/appointments/42?" + "x" * 1900
    mail = await written(tmp_path, message(notification=note(action_url=url)))
    button, preferences, unsubscribe = links(mail)
    home, _, token = button.rpartition("/c/")
    assert f"{home}/" == HOME
    assert ClickLink.read(VAULT, token) == ClickLink(TENANT, "d1", f"https://crm.example{url}")
    assert (preferences, unsubscribe) == ("https://crm.example/preferences", link_of(mail))


@pytest.mark.parametrize(
    ("changes", "scope"),
    [
        ({}, "appointments"),
        ({"type": "digest.daily", "category": "digests"}, "digest.daily"),
        ({"type": "quiet_hours.summary", "category": "digests"}, "quiet_hours.summary"),
    ],
)
async def test_one_click_stops_mails_of_its_kind(changes: dict[str, str], scope: str, tmp_path: Path) -> None:
    """By RFC 8058: a category; a mail that stands for many stops only mails of its own type."""
    mail = await written(tmp_path, message(notification=note(**changes)))
    home, _, token = link_of(mail).rpartition("/u/")
    assert f"{home}/" == HOME
    assert UnsubscribeLink.read(VAULT, token) == UnsubscribeLink(TENANT, "asha", scope)


async def test_a_long_link_arrives_whole(tmp_path: Path) -> None:
    """Tenant and user as long as they may be: neither header nor token is folded or encoded, nor beyond RFC 5322."""
    long = message(tenant="t" * 128, user=user("u" * 128, email="asha@example.com"))
    mail = await written(tmp_path, long)
    _, _, token = link_of(mail).rpartition("/u/")
    assert UnsubscribeLink.read(VAULT, token).user_id == "u" * 128
    lines = (tmp_path / "d1.eml").read_bytes().split(b"\r\n")
    assert f"List-Unsubscribe: <{HOME}u/{token}>".encode() in lines
    assert b"X-Punctual-Tenant: " + b"t" * 128 in lines
    assert max(map(len, lines)) <= 998


async def test_nobody_unsubscribes_from_what_is_mandatory(tmp_path: Path) -> None:
    """Neither header nor link; the mail says why."""
    mail = await written(tmp_path, message(is_mandatory=True))
    assert not [name for name in mail if name.startswith("List-")]
    assert "cannot be turned off" in part(mail, "plain")
    assert not [link for link in links(mail) if "/u/" in link]


@pytest.mark.parametrize(
    ("locale", "timezone", "words"),
    [
        ("hi-IN", "Asia/Kolkata", "समय भारत समय (Asia/Kolkata) के अनुसार हैं।"),
        ("ar", "America/New_York", "Times are in Eastern Time (America/New_York)."),
        ("en", "UTC", "Times are in UTC."),
        ("en", "Etc/GMT+5", "Times are in Etc/GMT+5."),
    ],
)
async def test_the_footer_names_the_zone(locale: str, timezone: str, words: str, tmp_path: Path) -> None:
    """As its readers call it, where it has a name; in English where there are no words in their language."""
    mail = await written(tmp_path, message(user=user("asha", locale=locale, timezone=timezone)))
    assert words in part(mail, "plain")
    html = part(mail, "html")
    assert words in html
    assert f'lang="{"hi" if locale == "hi-IN" else "en"}"' in html[html.index('class="foot"') :]


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
    assert f"https://crm.example{link}" in part(mail, "plain")
    assert ClickLink.read(VAULT, str(seen.links[0]).rpartition("/")[2]).url == f"https://crm.example{link}"
    assert seen.names.count("h1") == 1
    assert seen.names.count("br") == 1
    assert evil in part(mail, "plain")


async def test_a_mail_without_a_link_has_no_button(tmp_path: Path) -> None:
    """Neither text ends in an empty link."""
    bare = note(action_url=None, action_text=None, actions=[])
    mail = await written(tmp_path, message(notification=bare))
    assert links(mail) == ["https://crm.example/preferences", link_of(mail)]
    assert part(mail, "plain").count("http") == 2


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "//evil.example", "/\\evil.example", "\\\\evil.example", "///evil.example",
        "data:text/html,x", "http://evil.example/", "https://crm.example@evil.example/", "/x\r\ny", "https://[::1]/",
    ],
)  # fmt: skip
async def test_a_link_that_browsers_may_read_otherwise_is_left_out(url: str, tmp_path: Path) -> None:
    """Checked once more where it is written, in text and HTML."""
    mail = await written(tmp_path, message(notification=note(action_url=url)))
    assert links(mail) == ["https://crm.example/preferences", link_of(mail)]
    assert "evil" not in part(mail, "plain")


async def test_what_can_be_acknowledged_has_a_link_for_its_reader(tmp_path: Path) -> None:
    """A second button and a line of text, in the reader's words; the link is sealed, and good for thirty days."""
    actions = [{"action": "open", "title": "Open"}, {"action": "acknowledge", "title": "Take it"}]
    mail = await written(tmp_path, message(notification=note(actions=actions)))
    _, link, *_ = links(mail)
    assert f"Take it: {link}" in part(mail, "plain")
    home, _, token = link.rpartition("/a/")
    assert f"{home}/" == HOME
    assert AcknowledgeLink.read(VAULT, token) == AcknowledgeLink(TENANT, "n1", "asha", NOW + LIFETIME)


@pytest.mark.parametrize(
    ("language", "attributes", "align"),
    [("en", 'lang="en" dir="ltr"', "left"), ("ar", 'lang="ar" dir="rtl"', "right")],
)
async def test_the_layout_follows_its_words(tmp_path: Path, language: str, attributes: str, align: str) -> None:
    """Screen readers and browsers need the language and its direction, which need not be the reader's."""
    mail = await written(tmp_path, message(user=user("asha", locale="he"), language=language))
    assert f"<html {attributes}>" in part(mail, "html")
    assert f'align="{align}"' in part(mail, "html")


@pytest.mark.parametrize("evil", EVIL)
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
    named = str(make_header(decode_header(message_from_bytes(content)["To"])))
    assert one_line(evil) in named.replace('\\"', '"')


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
        assert await mails.unreachable(db, TENANT, [person, user("ben")], ABOUT) == {"asha": "no_address"}
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
        assert await channel(None).unreachable(db, TENANT, [user("asha")], ABOUT) == {"asha": "channel_off"}


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


def test_the_transport_is_what_the_settings_name(tmp_path: Path) -> None:
    """None, a folder in DATA, a server, or SendGrid."""
    settings = Settings(data=tmp_path, email_url=None)
    assert transport(settings) is None
    assert isinstance(transport(Settings(data=tmp_path, email_url="outbox:")), Outbox)
    assert isinstance(transport(Settings(data=tmp_path, email_url="smtp://mail.example")), Smtp)
    assert isinstance(transport(Settings(data=tmp_path, email_url="sendgrid:", sendgrid_api_key="SG.x")), SendGrid)
