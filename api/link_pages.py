"""The pages that links in mails and pushes open: a few sentences and buttons, without a login and without scripts."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from babel.dates import format_datetime
from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from punctual.people import language_among
from punctual.wire import zone

LANGUAGES = ("en", "hi")
WORDS = {
    "en": {
        "expired": "This link has expired.",
        "unknown": "This link is not valid.",
    },
    "hi": {
        "expired": "इस लिंक की अवधि समाप्त हो चुकी है।",
        "unknown": "यह लिंक मान्य नहीं है।",
    },
}
_STATUS = {"expired": 410, "unknown": 404}

_FILES = Path(__file__).parent.parent / "templates" / "pages"
_style = (_FILES / "page.css").read_text("utf-8")
_template = Environment(
    loader=FileSystemLoader(_FILES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
).get_template("page.html")
_digest = base64.b64encode(hashlib.sha256(_style.encode()).digest()).decode()

DISCREET = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
"""Headers that keep a token from caches and from whoever is visited next."""
_HEADERS = {
    **DISCREET,
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_digest}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
}


class BadLink(Exception):
    """The link leads nowhere: `expired` or `unknown`."""


@dataclass(frozen=True)
class Button:
    """What posts the page's own address, with one field or none."""

    text: str
    name: str = ""
    value: str = ""


def page(
    language: str, text: str, *, title: str = "", note: str = "", buttons: Sequence[Button] = (), status: int = 200
) -> Response:
    """A page; the first button is the one that most people want. A 503 says when to try again."""
    content = _template.render(lang=language, title=title, text=text, note=note, buttons=buttons, style=_style)
    return HTMLResponse(content, status, headers={**_HEADERS, **({"Retry-After": "5"} if status == 503 else {})})


def refusal(request: Request, error: BadLink) -> Response:
    """What a bad link answers, in the language that the browser asks for: nobody knows the reader."""
    asked = request.headers.get("accept-language", "").split(",")[0].split(";")[0].strip()
    language, reason = language_of(asked), str(error)
    return page(language, WORDS[language][reason], status=_STATUS[reason])


def language_of(locale: str) -> str:
    """The language of a page for somebody with this locale."""
    return language_among(LANGUAGES, locale)


def moment(instant: datetime, language: str, timezone: str) -> str:
    """`Fri 20 Nov, 10:00 (Europe/Berlin)`."""
    local = instant.astimezone(zone(timezone))
    return f"{format_datetime(local, 'EEE d MMM, HH:mm', locale=language)} ({timezone})"
