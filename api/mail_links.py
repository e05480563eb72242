"""`/a/{token}`: the acknowledge link of a mail, for whoever holds it, without a login and without scripts.

GET only shows what POST would do, for programs that check mails follow every link in them.
"""

import base64
import hashlib
import uuid
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from api import acts
from api.deps import Ours, Temporal, now
from api.gateway import Gateway
from api.problems import Problem
from punctual.protocol import Ref
from resources import Resources
from store import directory, entities, inbox
from store.directory import User
from store.inbox import Notification
from store.links import AcknowledgeLink

router = APIRouter(include_in_schema=False)

PAGES = Path(__file__).parent.parent / "templates" / "pages"
WORDS = {
    "en": {
        "button": "Acknowledge",
        "ask": "Press the button to take this over and stop its escalation.",
        "done": "Done: you have taken this over, and its escalation has stopped.",
        "taken": "{name} has taken this over already.",
        "ended": "This has ended. There is nothing left to do.",
        "calm": "Nothing is overdue here any more.",
        "busy": "That did not work just now. Please try again in a moment.",
        "expired": "This link has expired.",
        "unknown": "This link is not valid.",
    },
    "hi": {
        "button": "ज़िम्मेदारी लें",
        "ask": "इसकी ज़िम्मेदारी लेने के लिए बटन दबाएँ। फिर यह आगे के लोगों तक नहीं जाएगा।",
        "done": "हो गया: आपने इसकी ज़िम्मेदारी ले ली है, और यह आगे के लोगों तक नहीं जाएगा।",
        "taken": "{name} ने इसकी ज़िम्मेदारी पहले ही ले ली है।",
        "ended": "यह समाप्त हो चुका है। अब कुछ करना बाकी नहीं है।",
        "calm": "अब यहाँ किसी चीज़ का समय नहीं बीता है।",
        "busy": "अभी यह नहीं हो सका। कृपया थोड़ी देर में फिर कोशिश करें।",
        "expired": "इस लिंक की अवधि समाप्त हो चुकी है।",
        "unknown": "यह लिंक मान्य नहीं है।",
    },
}
_STATUS = {"unknown": 404, "expired": 410, "taken": 409, "ended": 409, "calm": 409, "busy": 503}
_ASKS = ("ask", "busy")

_style = (PAGES / "page.css").read_text("utf-8")
_template = Environment(
    loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
).get_template("acknowledge.html")
_digest = base64.b64encode(hashlib.sha256(_style.encode()).digest()).decode()
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_digest}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
}


@dataclass(frozen=True)
class _Found:
    """What a good token leads to, and how it stands with it: a key of WORDS."""

    tenant: str
    note: Notification
    reader: User
    stands: str
    name: str = ""
    """Who has taken it over."""


class _Bad(Exception):
    """The link leads nowhere: `expired` or `unknown`."""


@router.api_route("/a/{token}", methods=["GET", "HEAD"])
async def ask(token: str, request: Request, ours: Ours) -> Response:
    """What would be acknowledged, with a button."""
    try:
        found = await _find(ours, token)
    except _Bad as error:
        return _page(_preferred(request), str(error))
    return _page(_language(found.reader.locale), found.stands, found, as_question=True)


@router.post("/a/{token}")
async def acknowledge(token: str, request: Request, ours: Ours, temporal: Temporal) -> Response:
    """Acknowledges, and says what came of it."""
    try:
        found = await _find(ours, token)
        stands = found.stands
        if stands == "ask":
            stands = await _acknowledge(ours, temporal, found)
        if stands not in ("done", "busy"):
            found = await _find(ours, token)
            stands = found.stands
    except _Bad as error:
        return _page(_preferred(request), str(error))
    return _page(_language(found.reader.locale), stands, found)


async def _acknowledge(ours: Resources, temporal: Gateway, found: _Found) -> str:
    try:
        await acts.acknowledge_for(ours, temporal, found.tenant, found.note, str(uuid.uuid4()))
    except Problem as problem:
        return "busy" if problem.status_code == 503 else "calm"
    return "done"


async def _find(ours: Resources, token: str) -> _Found:
    try:
        link = AcknowledgeLink.read(ours.vault, token)
    except ValueError:
        raise _Bad("unknown") from None
    if link.expires_at <= now():
        raise _Bad("expired")
    async with ours.database.read() as db:
        note = await inbox.note(db, link.tenant, link.notification_id)
        if note is None or note.user_id != link.user_id:
            raise _Bad("unknown")
        ref = Ref(tenant=link.tenant, kind=note.kind, id=note.entity_id)
        entity = await entities.load(db, ref)
        told = await entities.entry(db, ref, note.step_key)
        taken_by = entity.acknowledged_by if entity else None
        people = await directory.get(db, link.tenant, [note.user_id, *([taken_by] if taken_by else [])])
    reader = people.get(note.user_id)
    # A link outlives the mail's reader at their desk; their say does not.
    if reader is None or not reader.active or told is None or not told.step.is_alarm:
        raise _Bad("unknown")
    if entity is None or entity.state == "closed":
        return _Found(link.tenant, note, reader, "ended")
    if taken_by is not None:
        name = people[taken_by].name if taken_by in people else taken_by
        return _Found(link.tenant, note, reader, "done" if taken_by == reader.id else "taken", name)
    return _Found(link.tenant, note, reader, "ask" if entity.state != "open" else "calm")


def _language(locale: str) -> str:
    language = locale.replace("_", "-").split("-")[0].lower()
    return language if language in WORDS else "en"


def _preferred(request: Request) -> str:
    """What the browser asks for, where nobody knows the reader."""
    return _language(request.headers.get("accept-language", "").split(",")[0].split(";")[0].strip())


def _page(language: str, stands: str, found: _Found | None = None, *, as_question: bool = False) -> Response:
    """The page of one sentence; asked how it stands, an end is no failure."""
    words = WORDS[language]
    content = _template.render(
        lang=language,
        title=found.note.title if found else "",
        text=words[stands].replace("{name}", found.name if found else ""),
        button=words["button"] if stands in _ASKS else "",
        style=_style,
    )
    status = 200 if found is not None and as_question else _STATUS.get(stands, 200)
    headers = {**_HEADERS, **({"Retry-After": "5"} if status == 503 else {})}
    return HTMLResponse(content, status, headers=headers)
