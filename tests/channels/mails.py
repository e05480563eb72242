"""Mails as tests send and read them."""

import email
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from activities.channels.base import Message
from activities.channels.email import Email
from activities.channels.email_outbox import Outbox
from store.vault import Vault
from tests.channels.conftest import HOME, NOW

SENDER = "Punctual <punctual@crm.example>"
VAULT = Vault(["a-secret-of-at-least-thirty-two-characters"])
EVIL = [
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
    'evil@example.com, b" <' + "Miller " * 20,
]
"""Names and titles that would like to be more than that."""


def channel(sends_by: Any, **options: Any) -> Email:
    return Email(sends_by, **{"sender": SENDER, "home": HOME, "vault": VAULT, "now": lambda: NOW, **options})


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


def links(mail: EmailMessage) -> list[str]:
    """Where the links of its HTML lead, in order."""
    seen = Elements()
    seen.feed(part(mail, "html"))
    return [link or "" for link in seen.links]
