"""What a calendar wants against what the store has: the events that make up the difference."""

from collections.abc import AsyncIterator
from datetime import datetime
from itertools import islice

from importing import changes
from importing.calendars import Contents, Frame
from importing.report import Counts, Report
from punctual.errors import InvalidEvent
from punctual.events import Event
from punctual.protocol import Ref
from punctual.registry import KINDS
from store import entities
from store.engine import Database
from store.entities import Entity

_AT_ONCE = 200
_KINDS = ("appointment", "follow_up")


async def changed(
    contents: Contents, tenant: str, database: Database, report: Report, counts: Counts, now: datetime
) -> list[Event]:
    """What brings the store's entities to what the file wants, counted; data that no event may carry is refused."""
    events: list[Event] = []
    refused: set[int] = set()
    waiting = iter(contents.wanted.values())
    while chunk := list(islice(waiting, _AT_ONCE)):
        refs = [Ref(tenant=tenant, kind=kind, id=id_) for kind, id_ in (wanted.key for wanted in chunk)]
        async with database.read() as db:
            stored = [await entities.load(db, ref) for ref in refs]
        for wanted, entity in zip(chunk, stored, strict=True):
            try:
                event, column = changes.change(wanted, entity, now)
            except InvalidEvent as error:
                contents.spared.add(wanted.uid)
                if wanted.line not in refused:
                    report.refuse(wanted.line, wanted.component, str(error))
                refused.add(wanted.line)
                continue
            counts.add(column)
            if event is not None:
                events.append(event)
    return events


async def cancelled(contents: Contents, tenant: str, database: Database, frame: Frame) -> list[Event]:
    """What --sync cancels: what came from a file of this name, is not over, and is not in it any more."""
    return [
        changes.cancellation(entity, frame.now)
        for kind in _KINDS
        async for entity in _all(database, tenant, kind)
        if (kind, entity.id) not in contents.wanted and _is_missed(entity, contents, frame)
    ]


async def _all(database: Database, tenant: str, kind: str) -> AsyncIterator[Entity]:
    after: tuple[str, str] | None = None
    while True:
        async with database.read() as db:
            page = await entities.page(db, tenant, kind=kind, after=after, limit=_AT_ONCE)
        for entity in page:
            yield entity
        if len(page) < _AT_ONCE:
            return
        after = (page[-1].kind, page[-1].id)


def _is_missed(entity: Entity, contents: Contents, frame: Frame) -> bool:
    """An appointment that is over needs no cancelling; a follow-up whose time has passed is still to be done."""
    kind, data = entity.kind, entity.snapshot
    if entity.record.is_closed or data is None:
        return False
    metadata = data.get("metadata", {})
    due = KINDS[kind].due(KINDS[kind].snapshot.model_validate(data))
    beyond = "recurrence_id" in metadata and due is not None and due > frame.horizon
    return (
        metadata.get("import") == frame.name
        and (kind, metadata.get("ical_uid")) not in contents.spared
        and not (kind == "appointment" and changes.is_past(kind, data, frame.now))
        and not beyond
    )
