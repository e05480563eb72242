"""Chat: at most once, to a room that the operator has named in CHAT_TARGETS, by Apprise.

A person of the directory, who may stand for a room, names one by `metadata.chat`; nobody names a URL.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

from activities.channels.apprise_sender import AppriseChannel, check
from activities.channels.base import Message
from resources import Resources
from store.directory import User

# What calls everybody in a room, or one of them: a customer's name must not.
_CALLS = re.compile(r"(?<=@)(?=everyone\b|here\b|channel\b|all\b)|(?<=<)(?=[!@#])")


class Chat(AppriseChannel):
    name = "chat"

    def __init__(self, targets: Mapping[str, str], **options: Any) -> None:
        """`targets`: Apprise URLs by name; `options` are those of all.

        Raises SettingsError for a URL that cannot be used.
        """
        super().__init__(**options)
        self._targets = targets
        for url in targets.values():
            check("CHAT_TARGETS", url)

    @classmethod
    def build(cls, resources: Resources) -> "Chat":
        settings = resources.settings
        return cls(settings.targets, home=f"{settings.url}/", sink=settings.delivery_mode == "sink")

    @property
    def is_on(self) -> bool:
        return bool(self._targets)

    def target(self, user: User) -> str | None:
        named = user.metadata.get("chat")
        return self._targets.get(named) if isinstance(named, str) else None

    def words(self, message: Message) -> tuple[str, str]:
        note = message.notification
        link = urljoin(self._home, note.action_url) if note.action_url else ""
        text = "\n\n".join(part for part in (_calm(note.message.strip()), link) if part)
        return _calm(note.title), text


def _calm(text: str) -> str:
    return _CALLS.sub("\u2060", text)
