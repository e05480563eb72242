"""What is pushed: a Declarative Web Push document that fits into one push message."""

import json
import re
import unicodedata
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import urljoin

from activities.channels.base import Message

BUDGET = 2000
"""Bytes of UTF-8 in all. RFC 8291 has room for 3,993, but some bridges allow 2,744 with encryption and headers."""
# What a title needs of the budget, else a long link has to go.
_LEAST_TITLE = 300


def topic(collapse: str) -> str:
    """32 characters that stand for `collapse`: the Topic at the push service, the tag on the device."""
    return urlsafe_b64encode(sha256(collapse.encode()).digest()[:24]).decode()


def payload(message: Message, home: str, *, title_only: bool = False) -> bytes:
    """The document of the contract's section 7 in at most BUDGET bytes; `home` is where relative links start.

    The message is cut first, then the title; a link too long for what is left goes with its actions.
    """
    note = message.notification
    link = urljoin(home, note.action_url or "")
    # Every action must say where it leads, or browsers refuse the whole document; what only changes something, such
    # as an acknowledgement, leads nowhere.
    actions = [
        {"action": act["action"], "title": act["title"], "navigate": link}
        for act in note.actions
        if act["action"] == "open"
    ]
    for navigate, kept in ((link, actions), (link, []), (home, [])):
        room = BUDGET - len(_document(message, "", "", navigate, kept))
        if room >= _LEAST_TITLE:
            break
    title = cut(note.title, room) or "…"
    body = cut(note.message, room - _size(title)) if title == note.title and not title_only else ""
    return _document(message, title, body, navigate, kept)


def _document(message: Message, title: str, body: str, navigate: str, actions: list[dict[str, str]]) -> bytes:
    document: dict[str, Any] = {
        "web_push": 8030,
        "notification": {
            "title": title,
            "body": body,
            "navigate": navigate,
            "tag": topic(message.collapse),
            "actions": actions,
            "data": {"notification_id": message.notification.id},
        },
        "app_badge": message.unread,
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


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
