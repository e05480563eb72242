"""One import from end to end: read the file, compare with the store, send the difference."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path

from temporalio.service import RPCError

from importing import ImportFileError, changes, files, heard, ics, jsonl
from importing.calendars import Contents, Frame, Reader
from importing.report import Counts, Report
from punctual.appointment import Appointment, over
from punctual.client import signal
from punctual.errors import InvalidEvent
from punctual.events import Event
from punctual.protocol import Ref
from punctual.registry import kind_of
from punctual.wire import zone
from resources import Resources
from store import directory, entities
from store.engine import Database
from store.entities import Entity

IN_FLIGHT = 50
_AT_ONCE = 200

Send = Callable[[Event], Awaitable[object]]


@dataclass(frozen=True)
class Options:
    """What `punctual import` is told. Floating times and whole days are in `timezone`; None: each assignee's own."""

    path: Path
    tenant: str
    assignee: str | None = None
    horizon: timedelta = timedelta(days=90)
    shift_to: date | None = None
    sync: bool = False
    dry_run: bool = False
    timezone: str | None = None


def _utc_now() -> datetime:
    return datetime.now(UTC)


async def import_file(
    options: Options,
    resources: Resources,
    report: Report,
    *,
    clock: Callable[[], datetime] = _utc_now,
    send: Send | None = None,
) -> Counts:
    """Imports one file; what is refused or worth knowing goes to `report`, which is told the counts in the end.

    Raises ImportFileError for a file that cannot be imported as a whole, and when Temporal stops taking events:
    importing again is then safe. `send` takes the place of Temporal.
    """
    counts = Counts()
    now = clock()
    content = files.read(options.path)
    match options.path.suffix.lower():
        case ".ics":
            batches = await _calendar(content, options, resources, report, counts, now)
        case ".jsonl":
            batches = await _events(content, options, resources.database, report, counts, now)
        case _:
            raise ImportFileError(f"{options.path}: must be an .ics or a .jsonl file")
    report.refused.sort()
    report.notes.sort()
    counts.refused = len(report.refused)
    if not options.dry_run:
        await _send(batches, send or partial(signal, resources.temporal, options.tenant), report, clock)
        await heard.wait(resources.database, options.tenant, batches, report)
    report.finish(counts, dry_run=options.dry_run)
    return counts


async def _calendar(
    content: bytes, options: Options, resources: Resources, report: Report, counts: Counts, now: datetime
) -> list[list[Event]]:
    calendars = ics.split(content)
    if not calendars.found:
        raise ImportFileError(f"{options.path}: holds no VCALENDAR")
    if options.sync and not calendars.whole:
        raise ImportFileError(f"{options.path}: ends in the middle, and --sync would cancel what is cut off")
    reader = Reader(calendars, report, options.assignee)
    floating = await _zones(options, resources.database, reader.people)
    frame = Frame(
        name=options.path.stem.encode("utf-8", "replace").decode(),
        now=now,
        horizon=now + options.horizon,
        shift_to=options.shift_to,
        allowed_hosts=resources.settings.action_url_hosts,
    )
    contents = reader.read(floating, options.timezone or "UTC", frame)
    sent = await _changes(contents, options.tenant, resources.database, report, counts, now)
    if options.sync:
        gone = [found async for found in _missing(contents, options.tenant, resources.database, frame)]
        sent += [changes.cancellation(entity, now) for entity in gone]
        counts.cancelled += len(gone)
    return [[event] for event in sent]


async def _zones(options: Options, database: Database, people: Collection[str]) -> dict[str, str]:
    """By assignee, the zone that floating times are in: --timezone, else the assignee's own where it is known."""
    if options.timezone is not None:
        try:
            zone(options.timezone)
        except ValueError as error:
            raise ImportFileError(f"--timezone {error}") from None
        return {}
    async with database.read() as db:
        known = await directory.get(db, options.tenant, people)
    return {user.id: user.timezone for user in known.values()}


async def _changes(
    contents: Contents, tenant: str, database: Database, report: Report, counts: Counts, now: datetime
) -> list[Event]:
    events: list[Event] = []
    refused: set[int] = set()
    waiting = iter(contents.wanted.values())
    while chunk := list(islice(waiting, _AT_ONCE)):
        async with database.read() as db:
            stored = [await entities.load(db, _ref(tenant, wanted.id)) for wanted in chunk]
        for wanted, entity in zip(chunk, stored, strict=True):
            try:
                event, column = changes.change(wanted, entity, now)
            except InvalidEvent as error:
                contents.spared.add(wanted.data["metadata"]["ical_uid"])
                if wanted.line not in refused:
                    report.refuse(wanted.line, "VEVENT", str(error))
                refused.add(wanted.line)
                continue
            counts.add(column)
            if event is not None:
                events.append(event)
    return events


async def _missing(contents: Contents, tenant: str, database: Database, frame: Frame) -> AsyncIterator[Entity]:
    """What came from a file of this name, is still to come, and is not in it any more."""
    after: tuple[str, str] | None = None
    while True:
        async with database.read() as db:
            page = await entities.page(db, tenant, kind="appointment", after=after, limit=_AT_ONCE)
        for entity in page:
            if entity.id not in contents.wanted and _is_missed(entity, contents, frame):
                yield entity
        if len(page) < _AT_ONCE:
            return
        after = (page[-1].kind, page[-1].id)


def _is_missed(entity: Entity, contents: Contents, frame: Frame) -> bool:
    if entity.record.is_closed or entity.snapshot is None:
        return False
    appointment = Appointment.model_validate(entity.snapshot)
    metadata = appointment.metadata
    beyond = "recurrence_id" in metadata and appointment.starts_at > frame.horizon
    return (
        metadata.get("import") == frame.name
        and metadata.get("ical_uid") not in contents.spared
        and over(appointment) > frame.now
        and not beyond
    )


async def _events(
    content: bytes, options: Options, database: Database, report: Report, counts: Counts, now: datetime
) -> list[list[Event]]:
    """The events that are new here, by entity and in order of time."""
    batches: dict[Ref, list[Event]] = {}
    heard: set[tuple[Ref, str]] = set()
    for event in jsonl.read(content, report, now):
        kind = kind_of(event.type)
        assert kind is not None, "a parsed event has a kind"
        ref = Ref(tenant=options.tenant, kind=kind.name, id=event.data["id"])
        async with database.read() as db:
            known = ref in batches or await entities.load(db, ref) is not None
            seen = (ref, event.key) in heard or await entities.entry(db, ref, event.key) is not None
        heard.add((ref, event.key))
        if seen:
            counts.unchanged += 1
            continue
        batches.setdefault(ref, []).append(event)
        counts.add("created" if not known else "cancelled" if event.type.endswith(".cancelled") else "moved")
    return [sorted(batch, key=lambda event: event.time) for batch in batches.values()]


async def _send(batches: Collection[list[Event]], send: Send, report: Report, clock: Callable[[], datetime]) -> None:
    """Up to IN_FLIGHT entities at once, each one's events in order."""
    total = sum(map(len, batches))
    waiting = iter(batches)
    done = 0
    with report.progress(total) as advance:

        async def work() -> None:
            nonlocal done
            for batch in waiting:
                for event in batch:
                    await send(event.model_copy(update={"punctualaccepted": clock()}))
                    done += 1
                    advance()

        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(min(IN_FLIGHT, len(batches))):
                    tasks.create_task(work())
        except* (RPCError, RuntimeError) as failures:
            # The client reports a refused connection as a RuntimeError with a long chain in its text.
            first = str(failures.exceptions[0]).split(":")[0]
        else:
            return
    raise ImportFileError(f"Temporal took {done} of {total} events ({first}); importing again is safe")


def _ref(tenant: str, id_: str) -> Ref:
    return Ref(tenant=tenant, kind="appointment", id=id_)
