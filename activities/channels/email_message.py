"""From a notification to a mail: headers that nobody can break out of, text, and HTML around the same words."""

import re
from collections.abc import Callable
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urljoin

from css_inline import CSSInliner
from email_validator import EmailNotValidError, validate_email
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from activities.channels.base import Message
from activities.rendering import supported
from store.links import LIFETIME, AcknowledgeLink
from store.vault import Vault

TEMPLATES = Path(__file__).parents[2] / "templates" / "email"

DIGEST_TYPES = "digest."
CHOOSE = {
    "en": "You chose to get summaries. Change when they come, or stop them",
    "hi": "आपने सारांश पाना चुना है। उनका समय बदलें या उन्हें बंद करें",
}

# C0 and C1 controls, other line breaks, and what turns the direction of a text.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_LONGEST_LINE = 300


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
        note, locale = message.notification, supported(message.user.locale)
        link = urljoin(self._home, note.action_url) if note.action_url else None
        words = {
            "title": note.title,
            "message": note.message.strip(),
            "link": link,
            "link_text": note.action_text or link,
            "acknowledge": self._acknowledge(message),
            "choose": self._choose(message),
            "tenant": message.tenant,
            "lang": str(locale).replace("_", "-"),
            "direction": "rtl" if locale.character_order == "right-to-left" else "ltr",
        }
        mail = EmailMessage(policy=SMTP)
        mail["From"] = self.sender
        mail["To"] = Address(one_line(message.user.name), addr_spec=address)
        mail["Subject"] = one_line(note.title)
        mail["Date"] = self._now()
        mail["Message-ID"] = f"<{message.delivery_id}@{self.sender.domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Punctual-Delivery"] = message.delivery_id
        mail["X-Punctual-Tenant"] = message.tenant
        text = self._templates.get_template("notification.txt").render(words)
        html = self._inliner.inline(self._templates.get_template("notification.html").render(words))
        # Quoted-printable passes every server, and keeps lines short.
        mail.set_content(text, cte="quoted-printable")
        mail.add_alternative(html, subtype="html", cte="quoted-printable")
        return mail

    def _choose(self, message: Message) -> dict[str, str] | None:
        """Where the reader of a summary can say when it comes, or that it does not."""
        if not message.notification.type.startswith(DIGEST_TYPES):
            return None
        language = message.user.locale.replace("_", "-").split("-")[0].lower()
        return {"link": urljoin(self._home, "preferences"), "text": CHOOSE.get(language, CHOOSE["en"])}

    def _acknowledge(self, message: Message) -> dict[str, str] | None:
        """The link by which the reader can acknowledge, where the notification lets them."""
        note = message.notification
        title = next((act["title"] for act in note.actions if act["action"] == "acknowledge"), None)
        if title is None:
            return None
        link = AcknowledgeLink(message.tenant, note.id, note.user_id, self._now() + LIFETIME)
        return {"link": urljoin(self._home, f"a/{link.token(self._vault)}"), "text": title}
