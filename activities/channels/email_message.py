"""From a notification to a mail: headers that nobody can break out of, text, and HTML around the same words."""

import re
from collections.abc import Callable
from datetime import datetime
from email.header import Header
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UniqueSingleAddressHeader, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urljoin

from css_inline import CSSInliner
from email_validator import EmailNotValidError, validate_email
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from activities.channels.base import Message
from activities.channels.email_footer import footer
from activities.rendering import allowed_link, direction_of
from store.links import LIFETIME, AcknowledgeLink, ClickLink
from store.vault import Vault

TEMPLATES = Path(__file__).parents[2] / "templates" / "email"

# C0 and C1 controls, other line breaks, and what turns the direction of a text.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_LONGEST_LINE = 300


class _Unfolded(UnstructuredHeader, BaseHeader):
    """A header of one long word: folded, it would be written as encoded words, which no receiver reads as a URL."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


class _OneAddress(UniqueSingleAddressHeader, BaseHeader):  # type: ignore[misc]
    """Somebody's name and address: folded by the library, a long name loses its quotes and becomes more addresses."""

    def fold(self, *, policy: Policy) -> str:
        whole = str(self.address)
        if not whole.isascii():
            name = Header(self.address.display_name, "utf-8", header_name=self.name).encode(linesep=policy.linesep)
            whole = f"{name}{policy.linesep} <{self.address.addr_spec}>"
        return f"{self.name}: {whole}{policy.linesep}"


_headers = HeaderRegistry()
for _name in ("From", "To"):
    _headers.map_to_type(_name, _OneAddress)
for _name in ("List-Unsubscribe", "X-Punctual-Delivery", "X-Punctual-Tenant"):
    _headers.map_to_type(_name, _Unfolded)
_policy = SMTP.clone(header_factory=_headers)


def one_address(text: str | None) -> str | None:
    """The mail address in ASCII if `text` is exactly one, else None."""
    if not text:
        return None
    try:
        found = validate_email(
            text,
            check_deliverability=False,
            globally_deliverable=False,
            allow_smtputf8=False,
            test_environment=True,
        )
    except EmailNotValidError:
        return None
    return found.ascii_email


def one_line(text: str) -> str:
    """`text` as a header may hold it: one line, no control characters, nothing that decodes into either."""
    line = " ".join(_UNSEEN.sub(" ", text).split())[:_LONGEST_LINE]
    return line.replace("=?", "= ?")


class Mails:
    """Writes mails from `sender` (`Name <address>`); relative links start at `home`, `vault` seals those that act."""

    def __init__(self, sender: str, home: str, vault: Vault, now: Callable[[], datetime]) -> None:
        name, address = parseaddr(sender)
        self.sender = Address(one_line(name), addr_spec=address)
        self._home = home
        self._vault = vault
        self._now = now
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._inliner = CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)

    def write(self, message: Message, address: str) -> EmailMessage:
        """The mail for `address`, which `one_address` has approved."""
        note = message.notification
        url = allowed_link(note.action_url, None)
        link = urljoin(self._home, url) if url else None
        foot = footer(message, self._home, self._vault)
        words = {
            "title": note.title,
            "message": note.message.strip(),
            "link": link,
            "click": self._click(message, link) if link else None,
            "link_text": note.action_text or link,
            "acknowledge": self._acknowledge(message),
            "footer": foot,
            "lang": message.language,
            "direction": direction_of(message.language),
        }
        mail = EmailMessage(policy=_policy)
        mail["From"] = self.sender
        mail["To"] = Address(one_line(message.user.name), addr_spec=address)
        mail["Subject"] = one_line(note.title)
        mail["Date"] = self._now()
        mail["Message-ID"] = f"<{message.delivery_id}@{self.sender.domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Punctual-Delivery"] = message.delivery_id
        mail["X-Punctual-Tenant"] = message.tenant
        if foot.unsubscribe:
            mail["List-Unsubscribe"] = f"<{foot.unsubscribe}>"
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        text = self._templates.get_template("notification.txt").render(words)
        html = self._inliner.inline(self._templates.get_template("notification.html").render(words))
        # Quoted-printable passes every server, and keeps lines short.
        mail.set_content(text, cte="quoted-printable")
        mail.add_alternative(html, subtype="html", cte="quoted-printable")
        return mail

    def _click(self, message: Message, url: str) -> str:
        """The link by way of us to `url`, so that the delivery can be seen to have been clicked."""
        link = ClickLink(message.tenant, message.delivery_id, url)
        return urljoin(self._home, f"c/{link.token(self._vault)}")

    def _acknowledge(self, message: Message) -> dict[str, str] | None:
        """The link by which the reader can acknowledge, where the notification lets them."""
        note = message.notification
        title = next((act["title"] for act in note.actions if act["action"] == "acknowledge"), None)
        if title is None:
            return None
        link = AcknowledgeLink(message.tenant, note.id, note.user_id, self._now() + LIFETIME)
        return {"link": urljoin(self._home, f"a/{link.token(self._vault)}"), "text": title}
