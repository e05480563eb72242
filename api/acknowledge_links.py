"""The acknowledge link: whoever has it takes over what a notification tells of, in the name of its reader."""

import uuid
from dataclasses import dataclass

from starlette.responses import Response

from api import acts, link_pages
from api.gateway import Gateway
from api.link_pages import BadLink, Button
from api.problems import Problem
from punctual.protocol import Ref
from resources import Resources
from store import directory, entities, inbox
from store.directory import User
from store.inbox import Notification
from store.links import AcknowledgeLink

WORDS = {
    "en": {
        "button": "Acknowledge",
        "ask": "Press the button to take this over and stop its escalation.",
        "done": "Done: you have taken this over, and its escalation has stopped.",
        "taken": "{name} has taken this over already.",
        "ended": "This has ended. There is nothing left to do.",
        "calm": "Nothing is overdue here any more.",
        "busy": "That did not work just now. Please try again in a moment.",
    },
    "hi": {
        "button": "ज़िम्मेदारी लें",
        "ask": "इसकी ज़िम्मेदारी लेने के लिए बटन दबाएँ। फिर यह आगे के लोगों तक नहीं जाएगा।",
        "done": "हो गया: आपने इसकी ज़िम्मेदारी ले ली है, और यह आगे के लोगों तक नहीं जाएगा।",
        "taken": "{name} ने इसकी ज़िम्मेदारी पहले ही ले ली है।",
        "ended": "यह समाप्त हो चुका है। अब कुछ करना बाकी नहीं है।",
        "calm": "अब यहाँ किसी चीज़ का समय नहीं बीता है।",
        "busy": "अभी यह नहीं हो सका। कृपया थोड़ी देर में फिर कोशिश करें।",
    },
}
_STATUS = {"taken": 409, "ended": 409, "calm": 409, "busy": 503}
_ASKS = ("ask", "busy")


@dataclass(frozen=True)
class _Found:
    """What a link leads to, and how it stands with it: a key of WORDS."""

    note: Notification
    reader: User
    stands: str
    name: str = ""
    """Who has taken it over."""


async def ask(ours: Resources, link: AcknowledgeLink) -> Response:
    """What would be acknowledged; asked how it stands, an end is no failure. Raises BadLink."""
    found = await _find(ours, link)
    return _page(found, found.stands, 200)


async def acknowledge(ours: Resources, temporal: Gateway, link: AcknowledgeLink) -> Response:
    """Acknowledges, and says what came of it. Raises BadLink."""
    found = await _find(ours, link)
    stands = found.stands
    if stands == "ask":
        stands = await _acknowledge(ours, temporal, link.tenant, found.note)
    if stands not in ("done", "busy"):
        found = await _find(ours, link)
        stands = found.stands
    return _page(found, stands, _STATUS.get(stands, 200))


async def _acknowledge(ours: Resources, temporal: Gateway, tenant: str, note: Notification) -> str:
    try:
        await acts.acknowledge_for(ours, temporal, tenant, note, str(uuid.uuid4()))
    except Problem as problem:
        return "busy" if problem.status_code == 503 else "calm"
    return "done"


async def _find(ours: Resources, link: AcknowledgeLink) -> _Found:
    async with ours.database.read() as db:
        note = await inbox.note(db, link.tenant, link.notification_id)
        if note is None or note.user_id != link.user_id:
            raise BadLink("unknown")
        ref = Ref(tenant=link.tenant, kind=note.kind, id=note.entity_id)
        entity = await entities.load(db, ref)
        told = await entities.entry(db, ref, note.step_key)
        taken_by = entity.acknowledged_by if entity else None
        people = await directory.get(db, link.tenant, [note.user_id, *([taken_by] if taken_by else [])])
    reader = people.get(note.user_id)
    # A link outlives the mail's reader at their desk; their say does not.
    if reader is None or not reader.active or told is None or not told.step.is_alarm:
        raise BadLink("unknown")
    if entity is None or entity.state == "closed":
        return _Found(note, reader, "ended")
    if taken_by is not None:
        name = people[taken_by].name if taken_by in people else taken_by
        return _Found(note, reader, "done" if taken_by == reader.id else "taken", name)
    return _Found(note, reader, "ask" if entity.state != "open" else "calm")


def _page(found: _Found, stands: str, status: int) -> Response:
    language = link_pages.language_of(found.reader.locale)
    words = WORDS[language]
    buttons = [Button(words["button"])] if stands in _ASKS else []
    text = words[stands].replace("{name}", found.name)
    return link_pages.page(language, text, title=found.note.title, buttons=buttons, status=status)
