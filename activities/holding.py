"""What waits to be told to somebody, for the end of quiet hours or of a snooze, or for a digest, and whether it still
has a point."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from store import held, recalls, waiting
from store.engine import Connection, parts
from store.held import Known
from store.inbox import Notification
from store.waiting import Reason, Waiting

Fate = tuple[str, str | None]
"""An outcome and its reason."""
STALE: Fate = ("superseded", "stale")


@dataclass(frozen=True)
class Held:
    """One delivery that waits, with its words and the instant at which telling it is pointless."""

    row: Waiting
    note: Notification
    announces: datetime | None


async def due(
    db: Connection, tenant: str, user_id: str, *reasons: Reason, now: datetime, due_by: datetime | None = None
) -> list[Held]:
    """What is due; the oldest first. What is pointless by now is settled here, what is snoozed is put off."""
    rows = await waiting.of_user(db, tenant, user_id, *reasons, due_by=due_by)
    known = await held.known(db, tenant, [row.id for row in rows])
    found: list[Held] = []
    pointless: list[tuple[str, Fate]] = []
    for row in rows:
        it = known[row.id]
        fate = _pointless(row, it, now)
        if it.note is None or fate is not None:
            pointless.append((row.id, fate or STALE))
        elif (until := sleeps_until(row.channel, it.note, now)) is not None:
            await waiting.postpone(db, tenant, [row.id], "snoozed", until)
        else:
            found.append(Held(row, it.note, it.announces))
    await settle(db, tenant, pointless, now)
    return found


async def settle(db: Connection, tenant: str, fates: Iterable[tuple[str, Fate]], now: datetime) -> None:
    """Writes what came of several that wait, by their ids, without anything being sent."""
    ids: dict[Fate, list[str]] = defaultdict(list)
    for id_, fate in fates:
        ids[fate].append(id_)
    for (outcome, reason), those in ids.items():
        for part in parts(those):
            await waiting.settle(db, tenant, part, outcome, reason, now)


def sleeps_until(channel: str, note: Notification, now: datetime) -> datetime | None:
    """When a channel may bring what is snoozed; None where it may right now."""
    until = note.snoozed_until
    sleeps = channel in recalls.CHANNELS and until is not None and until > now
    return recalls.due(until) if sleeps and until is not None else None


def _pointless(row: Waiting, it: Known, now: datetime) -> Fate | None:
    """Why nobody needs to be told any more: it is over, was seen in the inbox meanwhile, or was taken out of it."""
    if it.note is None:
        return STALE
    ends = [moment for moment in (it.announces, it.note.expires_at) if moment is not None]
    if ends and min(ends) <= now:
        return ("expired", "expired")
    # What was read before it was snoozed is unread again once its snooze has been ended.
    wakes = row.sent_at is not None and it.note.snoozed_until is not None
    is_seen = any((it.note.archived_at, it.note.acknowledged_at, it.note.read_at and not wakes))
    return STALE if is_seen or (not it.note.listed and it.reached_inbox) else None
