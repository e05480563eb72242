"""`/u/{token}`: stops the mails of one category or type to one person, as RFC 8058 says, or all of them.

GET only shows what POST would do. Whatever is posted unsubscribes, but for what only the page's own buttons say:
mail providers send their one field, and not all of them as they should.
"""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from starlette.responses import Response

from api import forms, link_pages
from api.deps import Ours, now
from api.link_pages import BadLink, Button
from api.names import name
from catalogue import Notice
from resources import Resources
from store import directory
from store.directory import User
from store.engine import Connection
from store.links import UnsubscribeLink
from store.suppressions import ALL
from store.vault import Vault

router = APIRouter(include_in_schema=False)

WORDS = {
    "en": {
        "title": "Mails: {what}",
        "ask": "Press a button, and you get no more of these mails.",
        "stopped": "You get no more of these mails.",
        "all": "You get no more mails.",
        "again": "You get these mails again.",
        "note": "What protects your account is mailed all the same. Everything else still comes to your inbox.",
        "stop": "Stop these mails",
        "stop_all": "Stop all mails",
        "undo": "Get them again",
    },
    "hi": {
        "title": "ईमेल: {what}",
        "ask": "बटन दबाएँ, फिर ऐसे ईमेल आपको नहीं आएँगे।",
        "stopped": "अब ऐसे ईमेल आपको नहीं आएँगे।",
        "all": "अब कोई ईमेल आपको नहीं आएगा।",
        "again": "ऐसे ईमेल आपको फिर आएँगे।",
        "note": "आपके खाते की सुरक्षा से जुड़े ईमेल फिर भी आएँगे। बाकी सब आपके इनबॉक्स में आता रहेगा।",
        "stop": "ऐसे ईमेल बंद करें",
        "stop_all": "सभी ईमेल बंद करें",
        "undo": "फिर से पाएँ",
    },
}
_BUTTONS = {
    "ask": ("stop", "stop_all"),
    "again": ("stop", "stop_all"),
    "stopped": ("undo", "stop_all"),
    "all": ("undo",),
}
_FIELDS = {"stop": ("scope", "this"), "stop_all": ("scope", "all"), "undo": ("undo", "1")}


@router.api_route("/u/{token}", methods=["GET", "HEAD"])
async def ask(token: str, request: Request, ours: Ours) -> Response:
    """What would be stopped, or is."""
    try:
        link = _read(ours.vault, token)
        async with ours.database.read() as db:
            reader = await _reader(db, link)
            stands = await _stands(ours, db, link)
    except BadLink as error:
        return link_pages.refusal(request, error)
    return _page(ours.notices, reader, link.scope, stands)


@router.post("/u/{token}")
async def change(token: str, request: Request, ours: Ours) -> Response:
    """Stops these mails, or all with `scope=all`; `undo=1` takes back whatever stops these."""
    fields = await forms.read(request)
    try:
        link = _read(ours.vault, token)
        async with ours.database.write() as db:
            reader = await _reader(db, link, keep=True)
            if fields.get("undo") == "1":
                for scope in (link.scope, ALL):
                    await ours.suppressions.resubscribe(db, link.tenant, link.user_id, scope)
            else:
                scope = ALL if fields.get("scope") == "all" else link.scope
                await ours.suppressions.unsubscribe(db, link.tenant, link.user_id, scope, now())
            stands = await _stands(ours, db, link)
    except BadLink as error:
        return link_pages.refusal(request, error)
    return _page(ours.notices, reader, link.scope, "again" if stands == "ask" else stands)


def _read(vault: Vault, token: str) -> UnsubscribeLink:
    try:
        return UnsubscribeLink.read(vault, token)
    except ValueError:
        raise BadLink("unknown") from None


async def _reader(db: Connection, link: UnsubscribeLink, *, keep: bool = False) -> User:
    """The person; what is written is kept of nobody who is gone, and `keep` lets nobody erase them meanwhile."""
    reader = (await directory.get(db, link.tenant, [link.user_id], keep=keep)).get(link.user_id)
    if reader is None:
        raise BadLink("unknown")
    return reader


async def _stands(ours: Resources, db: Connection, link: UnsubscribeLink) -> str:
    stopped = {found.scope for found in await ours.suppressions.of(db, link.tenant, link.user_id, None)}
    return "all" if ALL in stopped else "stopped" if link.scope in stopped else "ask"


def _page(notices: Mapping[str, Notice], reader: User, scope: str, stands: str) -> Response:
    language = link_pages.language_of(reader.locale)
    words = WORDS[language]
    return link_pages.page(
        language,
        words[stands],
        title=words["title"].replace("{what}", _what(notices, language, scope)),
        note=words["note"],
        buttons=[Button(words[button], *_FIELDS[button]) for button in _BUTTONS[stands]],
    )


def _what(notices: Mapping[str, Notice], language: str, scope: str) -> str:
    """`Tickets`, or `Digests · Daily` for a type: those are named within their category."""
    if scope not in notices:
        return name(language, "category", scope)
    return f"{name(language, 'category', notices[scope].about.category)} · {name(language, 'type', scope)}"
