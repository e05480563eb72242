"""What a digest has to say, but for what has waited for it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from typing import Any

from punctual.calendar import resolve
from punctual.preferences import Preferences
from punctual.wire import zone
from store import figures
from store.directory import User
from store.engine import Connection
from store.figures import Figures, Past

MOST_TITLES = 20
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Summary:
    """What there was for somebody in their zone, by how often they want to hear of it; false where nothing was."""

    zone: str
    frequency: str
    found: Figures
    past: Past

    def __bool__(self) -> bool:
        return bool(self.found or self.past)

    def fits(self, user: User, chosen: Preferences) -> bool:
        """Whether it still is what they would have."""
        return (self.zone, self.frequency) == (user.timezone, chosen.digest.frequency)

    def data(self, user_id: str, waiting: Sequence[str]) -> dict[str, Any]:
        """The fields that the notices of digests declare; `waiting` are the titles of what comes with it."""
        where, found = zone(self.zone), self.found
        data: dict[str, Any] = {
            "user_id": user_id, "unread": found.unread, "zone": self.zone, "action_url": "/inbox",
            "appointments_today": found.appointments_today,
            "appointments": [f"{at.astimezone(where):%H:%M} {title}" for at, title in found.appointments],
            "waiting_count": len(waiting), "waiting": list(waiting[:MOST_TITLES]),
        }  # fmt: skip
        for kind, count in found.open.items():
            data |= {f"{kind}s_due": count.due, f"{kind}s_overdue": count.overdue}
        return data | asdict(self.past)


async def summarize(db: Connection, tenant: str, user: User, chosen: Preferences, now: datetime) -> Summary:
    """Reads it, from one state of the store."""
    frequency = chosen.digest.frequency
    found = await figures.figures(db, tenant, user.id, _today(user.timezone, now), now)
    past = await figures.past(db, tenant, user.id, now - WEEK, now) if frequency == "weekly" else Past()
    return Summary(user.timezone, frequency, found, past)


def _today(zone_name: str, now: datetime) -> tuple[datetime, datetime]:
    """From one local midnight to the next."""
    where = zone(zone_name)
    day = now.astimezone(where).date()
    midnights = (datetime.combine(each, time()) for each in (day, day + timedelta(days=1)))
    start, end = (resolve(midnight, where) for midnight in midnights)
    return start, end
