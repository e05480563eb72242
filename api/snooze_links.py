"""The snooze link of a push: whoever has it puts one notification off for an hour."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response

from api import inbox_changes, link_pages
from api.deps import now
from api.gateway import Gateway
from api.identity import Caller
from api.link_pages import BadLink, Button
from punctual.protocol import Ref
from punctual.registry import ENTITIES
from resources import Resources
from store import directory, entities, inbox
from store.directory import User
from store.inbox import Notification
from store.links import SnoozeLink

SPAN = timedelta(hours=1)
WORDS = {
    "en": {
        "button": "Snooze for an hour",
        "ask": "Press the button to put this off for an hour.",
        "done": "Snoozed until {when}. Then it is unread in your inbox again.",
        "ended": "This has ended. There is nothing left to do.",
    },
    "hi": {
        "button": "एक घंटे के लिए टालें",
        "ask": "इसे एक घंटे के लिए टालना हो, तो बटन दबाएँ।",
        "done": "{when} तक टाल दिया गया। तब यह आपके इनबॉक्स में फिर अपठित होगा।",
        "ended": "यह समाप्त हो चुका है। अब कुछ करना बाकी नहीं है।",
    },
}


@dataclass(frozen=True)
class _Found:
    """What a link leads to; `stands` is a key of WORDS, `until` when what is snoozed comes back."""

    note: Notification
    reader: User
    stands: str
    until: datetime | None = None


async def ask(ours: Resources, link: SnoozeLink) -> Response:
    """What would be put off, or until when it is already. Raises BadLink."""
    return _page(await _find(ours, link), 200)


async def snooze(ours: Resources, temporal: Gateway, link: SnoozeLink) -> Response:
    """Puts it off, unless it is put off already. Raises BadLink."""
    found = await _find(ours, link)
    if found.stands == "ask":
        reader = Caller(sub=link.user_id, tenant=link.tenant, role="user", exp=link.expires_at.timestamp())
        until = now() + SPAN
        await inbox_changes.change(ours, reader, link.notification_id, temporal=temporal, snoozed_until=until)
        found = await _find(ours, link)
    return _page(found, 409 if found.stands == "ended" else 200)


async def _find(ours: Resources, link: SnoozeLink) -> _Found:
    async with ours.database.read() as db:
        notes = await inbox.get(db, link.tenant, link.user_id, [link.notification_id])
        reader = (await directory.get(db, link.tenant, [link.user_id])).get(link.user_id)
        if not notes or reader is None or not reader.active:
            raise BadLink("unknown")
        note = notes[0]
        ref = Ref(tenant=link.tenant, kind=note.kind, id=note.entity_id)
        entity = await entities.load(db, ref) if note.kind in ENTITIES else None
    if note.snoozed_until is not None and note.snoozed_until > now():
        return _Found(note, reader, "done", note.snoozed_until)
    return _Found(note, reader, "ended" if entity is not None and entity.state == "closed" else "ask")


def _page(found: _Found, status: int) -> Response:
    language = link_pages.language_of(found.reader.locale)
    words = WORDS[language]
    when = link_pages.moment(found.until, language, found.reader.timezone) if found.until else ""
    buttons = [Button(words["button"])] if found.stands == "ask" else []
    text = words[found.stands].replace("{when}", when)
    return link_pages.page(language, text, title=found.note.title, buttons=buttons, status=status)
