"""What waits on the way, for the end of quiet hours or for a digest.

The ledger keeps what came of it in the end; what it waited for before is seen from stop to stop.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from simulating import TENANT
from store import waiting
from store.engine import Connection
from store.waiting import Reason

_REASONS: tuple[Reason, ...] = ("quiet_hours", "digest")


@dataclass(frozen=True)
class Wait:
    """From `at` on a delivery waits, for what and until when."""

    at: datetime
    reason: Reason
    until: datetime


class Waits:
    """Whatever has waited until now; `ends`: when what quiet hours hold back now is due."""

    def __init__(self) -> None:
        self.ends: set[datetime] = set()
        self._stops: list[datetime] = []
        self._seen: dict[str, list[Wait]] = defaultdict(list)

    async def look(self, db: Connection, user_ids: Collection[str], at: datetime) -> None:
        """Sees what waits for these users at a stop."""
        self._stops.append(at)
        self.ends = set()
        for user_id in user_ids:
            for reason in _REASONS:
                for row in await waiting.of_user(db, TENANT, user_id, reason):
                    self._see(row.id, Wait(at, reason, row.due_at))
                    if reason == "quiet_hours":
                        self.ends.add(row.due_at)

    def _see(self, delivery_id: str, wait: Wait) -> None:
        before = self._seen[delivery_id][-1:]
        if [(one.reason, one.until) for one in before] != [(wait.reason, wait.until)]:
            self._seen[delivery_id].append(wait)

    def of(self, delivery_id: str) -> Sequence[Wait]:
        """What a delivery has waited for, one after the other."""
        return self._seen.get(delivery_id, ())

    def stop(self, moment: datetime) -> datetime:
        """The stop at which something happened, for it all happens at stops."""
        place = bisect_right(self._stops, moment)
        return self._stops[place - 1] if place else moment
