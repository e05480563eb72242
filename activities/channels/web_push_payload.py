"""What is pushed: a Declarative Web Push document that fits into one push message."""

import json
import re
import unicodedata
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urljoin

from activities.channels.base import Message
from punctual.people import in_language
from store.inbox import Notification
from store.links import LIFETIME, AcknowledgeLink, ReceiptLink, SnoozeLink
from store.vault import Vault

BUDGET = 2000
"""Bytes of UTF-8 in all. RFC 8291 has room for 3,993, but some bridges allow 2,744 with encryption and headers."""
# What links have to leave to the words: any title that we write, and a line of the message.
_MOST_OF_A_TITLE = 800
_LINE = 160

SNOOZE = {"en": "Snooze 1 hour", "hi": "1 घंटे बाद याद दिलाएँ"}


def topic(collapse: str) -> str:
    """32 characters that stand for `collapse`: the Topic at the push service, the tag on the device."""
    return urlsafe_b64encode(sha256(collapse.encode()).digest()[:24]).decode()


@dataclass(frozen=True)
class _Links:
    """Where a document leads: by a click, by its actions, and to whom it is told what became of it."""

    navigate: str
    actions: tuple[dict[str, str], ...] = ()
    report: str | None = None


class Payloads:
    """Writes what is pushed; relative links start at `home`, `vault` seals those that act."""

    def __init__(self, home: str, vault: Vault, now: Callable[[], datetime]) -> None:
        self._home = home
        self._vault = vault
        self._now = now

    def write(self, message: Message, *, title_only: bool = False) -> bytes:
        """The document of the contract's section 7 in at most BUDGET bytes.

        What leads somewhere has to leave room for the title and a line of the message, so a link too long for that
        goes, and nothing else with it; then the message is cut, and the title last.
        """
        note = message.notification
        body = "" if title_only else note.message
        words = min(_size(note.title), _MOST_OF_A_TITLE) + min(_size(body), _LINE)
        links = _Links(self._home)
        for candidate in self._wishes(message, title_only=title_only):
            richer = candidate(links)
            if len(_document(message, "", "", richer)) + words <= BUDGET:
                links = richer
        room = BUDGET - len(_document(message, "", "", links))
        title = cut(note.title, room) or "…"
        body = cut(body, room - _size(title)) if title == note.title else ""
        return _document(message, title, body, links)

    def _wishes(self, message: Message, *, title_only: bool) -> Iterator[Callable[[_Links], _Links]]:
        """What a document should hold besides its words, the most useful first; browsers show two actions at most."""
        note = message.notification
        titles = {act["action"]: act["title"] for act in note.actions}
        expires_at = self._now() + LIFETIME
        if "acknowledge" in titles:
            acknowledge = AcknowledgeLink(message.tenant, note.id, note.user_id, expires_at).token(self._vault)
            yield self._action("acknowledge", titles["acknowledge"], f"a/{acknowledge}")
        link = urljoin(self._home, note.action_url or "")
        yield lambda links: replace(links, navigate=link)
        if title_only:
            return
        if note.listed:
            snooze = SnoozeLink(message.tenant, note.id, note.user_id, expires_at).token(self._vault)
            yield self._action("snooze", in_language(SNOOZE, message.user.locale), f"a/{snooze}")
        if "open" in titles:
            yield self._action("open", titles["open"], link)
        report = ReceiptLink(message.tenant, message.delivery_id).token(self._vault)
        yield lambda links: replace(links, report=urljoin(self._home, f"c/{report}"))

    def _action(self, name: str, title: str, to: str) -> Callable[[_Links], _Links]:
        """Every action must say where it leads, or browsers refuse the whole document."""
        action = {"action": name, "title": title, "navigate": urljoin(self._home, to)}
        return lambda links: replace(links, actions=(*links.actions, action))


def _document(message: Message, title: str, body: str, links: _Links) -> bytes:
    data = _data(message.notification)
    document: dict[str, Any] = {
        "web_push": 8030,
        "notification": {
            "title": title,
            "body": body,
            "navigate": links.navigate,
            "tag": topic(message.collapse),
            "actions": links.actions,
            "data": {**data, "report": links.report} if links.report else data,
        },
        "app_badge": message.unread,
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _data(note: Notification) -> dict[str, str]:
    """What is in no inbox has no id there, or pages would take it away as read."""
    return {"notification_id": note.id} if note.listed else {}


def cut(text: str, room: int) -> str:
    """`text` if its JSON fits into `room` bytes, else as much of it as does, whole characters only, and `…`."""
    if _size(text) <= room:
        return text
    left = room - _size("…")
    kept: list[str] = []
    for cluster in clusters(text):
        left -= _size(cluster)
        if left < 0:
            break
        kept.append(cluster)
    return "".join(kept).rstrip() + "…" if kept else ""


def clusters(text: str) -> Iterator[str]:
    """The characters as a reader sees them, near enough to Unicode's grapheme clusters (UAX 29) for cutting."""
    start = 0
    for index in range(1, len(text)):
        if not _joined(text, start, index):
            yield text[start:index]
            start = index
    if text:
        yield text[start:]


_ZWJ = "\u200d"
_HANGUL_TAIL = re.compile("[\u1160-\u11ff\ud7b0-\ud7fb]")
_MODIFIER = re.compile("[\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f\u200c]")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]")


def _joined(text: str, start: int, index: int) -> bool:
    """Whether the character at `index` belongs to the cluster that began at `start`."""
    before, here = text[index - 1], text[index]
    if _ZWJ in (here, before) or before + here == "\r\n":
        return True
    if unicodedata.category(here)[0] == "M" or _MODIFIER.match(here) or _HANGUL_TAIL.match(here):
        return True
    if unicodedata.combining(before) == 9:  # a virama ties the next consonant to this one
        return unicodedata.category(here) == "Lo"
    return bool(index - start == 1 and _FLAG.match(before) and _FLAG.match(here))


def _size(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode()) - 2
