"""SMS: at most once, by whichever provider SMS_URL names to Apprise, to the one number of a person."""

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urljoin

from activities.channels.apprise_sender import AppriseChannel, check
from activities.channels.base import Message
from activities.channels.web_push_payload import clusters
from resources import Resources
from store.directory import User

if TYPE_CHECKING:
    from apprise import NotifyBase

LIMIT = 300
"""Characters in all: two to five parts of a message, by their script."""
LONGEST_LINK = 100
_BETWEEN = re.compile("[ \u00a0()\\[\\]\u2010-\u2013-]")
# The sign for it is none of the GSM alphabet's, and would double the price of what else is.
_MORE = "..."
_PLACE = "{phone}"
_SAMPLE = "+14155550100"


class Sms(AppriseChannel):
    name = "sms"

    def __init__(self, url: str | None, **options: Any) -> None:
        """`url` holds `{phone}` where the number goes; `options` are those of all.

        Raises SettingsError for a URL that cannot be used.
        """
        super().__init__(**options)
        self._url = url
        if url is not None:
            check("SMS_URL", url.replace(_PLACE, quote(_SAMPLE, safe="")))

    @classmethod
    def build(cls, resources: Resources) -> "Sms":
        settings = resources.settings
        url = settings.sms_url.get_secret_value() if settings.sms_url else None
        return cls(url, home=f"{settings.url}/", sink=settings.delivery_mode == "sink")

    @property
    def is_on(self) -> bool:
        return self._url is not None

    def target(self, user: User) -> str | None:
        number = one_number(user.phone)
        return self._url.replace(_PLACE, quote(number, safe="")) if self._url and number else None

    def is_meant(self, service: "NotifyBase", user: User) -> bool:
        # A provider to whom a number says nothing may send to the sender instead.
        return (one_number(user.phone) or "").removeprefix("+") in unquote(service.url())

    def words(self, message: Message) -> tuple[str, str]:
        """No title of its own; the link if it is short, and before it what there is room for."""
        note = message.notification
        link = urljoin(self._home, note.action_url) if note.action_url else ""
        ending = f"\n{link}" if link and len(link) <= LONGEST_LINK else ""
        text = f"{note.title}\n{' '.join(note.message.split())}".strip()
        return "", _cut(text, LIMIT - len(ending)) + ending


def one_number(text: str | None) -> str | None:
    """The telephone number if `text` is exactly one, as E.164 writes it, with or without its +; else None."""
    number = _BETWEEN.sub("", text or "")
    return number if re.fullmatch(r"\+?[0-9]{7,15}", number) else None


def _cut(text: str, longest: int) -> str:
    """`text` in at most so many characters, none of which is cut in two."""
    if len(text) <= longest:
        return text
    kept = ""
    for cluster in clusters(text):
        if len(kept) + len(cluster) + len(_MORE) > longest:
            break
        kept += cluster
    return kept.rstrip() + _MORE
