"""When something is due next: a step of an entity, the end of somebody's quiet hours, a digest."""

from datetime import datetime

from punctual.protocol import Ref
from simulating.waits import Waits
from store import digests, entities
from store.engine import Connection

_MOST_PEOPLE = 100_000


class Agenda:
    """What is planned and what waits."""

    def __init__(self, waits: Waits) -> None:
        self._waits = waits
        self._steps: dict[Ref, datetime] = {}
        self._touched: set[Ref] = set()
        self._last_digest: datetime | None = None

    def touch(self, ref: Ref) -> None:
        """An entity may have other plans than before."""
        self._touched.add(ref)

    async def next_due(self, db: Connection, now: datetime, end: datetime, *, is_over: bool) -> datetime | None:
        """The next instant up to `end`; None: there is none.

        Digests come for ever. Where it `is_over` with the last thing planned, everybody's next one is the last, and
        has all that waits for it.
        """
        await self._read_again(db, now)
        coming = [at for at, _, _ in await digests.due(db, end, limit=_MOST_PEOPLE)]
        found = [at for at in (*self._steps.values(), *self._waits.ends) if at <= end]
        if found or not is_over:
            self._last_digest = None
            return min([*found, *coming], default=None)
        self._last_digest = self._last_digest or max(coming, default=None)
        return min((at for at in coming if self._last_digest and at <= self._last_digest), default=None)

    async def _read_again(self, db: Connection, now: datetime) -> None:
        """The plans of what was touched, and of what was due."""
        for ref in self._touched | {ref for ref, at in self._steps.items() if at <= now}:
            entity = await entities.load(db, ref)
            if entity is not None and entity.next_step_at is not None:
                self._steps[ref] = entity.next_step_at
            else:
                self._steps.pop(ref, None)
        self._touched.clear()
