"""What waits to be told to somebody, for the end of quiet hours or for a digest, and whether it still has a point."""

from dataclasses import dataclass
from datetime import datetime

from punctual.protocol import Ref
from store import entities, inbox, ledger, waiting
from store.engine import Connection
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
    db: Connection, tenant: str, user_id: str, reason: Reason, now: datetime, *, due_by: datetime | None = None
) -> list[Held]:
    """What is due, but for what is pointless by now, which is settled here; the oldest first."""
    found: list[Held] = []
    for row in await waiting.of_user(db, tenant, user_id, reason, due_by=due_by):
        note = await inbox.note(db, tenant, row.notification_id)
        ref = Ref(tenant=tenant, kind=row.kind, id=row.entity_id)
        told = await entities.entry(db, ref, row.step_key)
        announces = told.step.announces if told else None
        fate = _pointless(note, announces, now)
        # Out of the inbox, where it once was: the user has deleted it.
        is_gone = note is None or (not note.listed and await ledger.reached_inbox(db, ref, row.step_key, user_id))
        if note is None or fate is not None or is_gone:
            await waiting.settle(db, tenant, [row.id], *(fate or STALE), now)
        else:
            found.append(Held(row, note, announces))
    return found


def _pointless(note: Notification | None, announces: datetime | None, now: datetime) -> Fate | None:
    """Why nobody needs to be told any more: it is over, or was seen in the inbox meanwhile."""
    if note is None:
        return STALE
    ends = [moment for moment in (announces, note.expires_at) if moment is not None]
    if ends and min(ends) <= now:
        return ("expired", "expired")
    is_seen = note.read_at is not None or note.archived_at is not None or note.acknowledged_at is not None
    return STALE if is_seen else None
