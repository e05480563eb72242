"""One import from end to end: read the file, compare with the store, send the difference."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

from temporalio.service import RPCError

from importing import ImportFileError, compare, files, heard, ics
from importing.calendars import Frame, Reader
from importing.jsonl import Lines, news
from importing.report import Counts, Report
from punctual.client import signal
from punctual.events import Event
from punctual.wire import zone
from resources import Resources
from store import directory
from store.engine import Database

IN_FLIGHT = 50

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
            lines = Lines(resources.notices, resources.settings.action_url_hosts)
            batches = await news(lines.read(content, report, now), options.tenant, resources.database, counts)
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
    sent = await compare.changed(contents, options.tenant, resources.database, report, counts, now)
    if options.sync:
        gone = await compare.cancelled(contents, options.tenant, resources.database, frame)
        sent += gone
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
