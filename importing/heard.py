"""Waiting until a worker has written down what was sent: only then does the next import see it."""

import asyncio
import time
from collections.abc import Collection

from importing.report import Report
from punctual.events import Event
from punctual.protocol import Ref
from punctual.registry import kind_of
from store import entities
from store.engine import Database

PATIENCE = 30.0
_PAUSE = 0.25


async def wait(database: Database, tenant: str, batches: Collection[list[Event]], report: Report) -> None:
    """Returns once each batch's last event is in the store, or after PATIENCE seconds with a note that says so."""
    last = [batch[-1] for batch in batches]
    open_ = {Ref(tenant=tenant, kind=kind_of(event.type).name, id=event.about): event.key for event in last}
    deadline = time.monotonic() + PATIENCE
    with report.progress(len(open_), "Planning") as advance:
        while True:
            async with database.read() as db:
                for ref, key in list(open_.items()):
                    if await entities.entry(db, ref, key):
                        del open_[ref]
                        advance()
            if not open_ or time.monotonic() > deadline:
                break
            await asyncio.sleep(_PAUSE)
    if open_:
        text = "accepted, and not written down by a worker yet; until then the next import counts them anew"
        report.note(0, f"{len(open_):,} of {len(batches):,}", text)
