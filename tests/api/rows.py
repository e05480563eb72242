"""Entities as their workflows leave them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from punctual import events, notification
from punctual.lifecycle import Record, apply
from punctual.protocol import Ref
from punctual.registry import KINDS, kind_of
from punctual.timeline import Entry, Step
from store import entities
from store.entities import Entity
from tests.api.conftest import World

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
OVERDUE, LEVEL = "overdue-1", "overdue-1-level-managers"


def follow_up(id_: str = "42", **data: Any) -> dict[str, Any]:
    """A good event about a follow-up."""
    snapshot = {"id": id_, "title": "Send the offer", "due_at": "2026-11-20T10:00:00Z", "assignee_ids": ["asha"]}
    return {
        "specversion": "1.0", "id": f"made-{id_}", "type": "follow_up.created", "time": "2025-01-01T09:00:00Z",
        "data": {**snapshot, **data},
    }  # fmt: skip


async def stored(
    world: World, body: dict[str, Any], *entries: Entry, state: str = "open", acknowledged_by: str | None = None,
    policy_version: int = 0,
) -> Ref:  # fmt: skip
    """An entity of one event, with these steps."""
    event = events.parse(body, now=AT)
    kind = kind_of(event.type)
    ref = Ref(tenant="acme", kind=kind.name, id=event.about)
    record, _ = apply(Record(), event, KINDS[kind.name])
    async with world.ours.database.write() as db:
        await entities.save(
            db, ref, record, state=state, due_at=AT, next_step_at=AT, now=AT, acknowledged_by=acknowledged_by,
            policy_version=policy_version,
        )  # fmt: skip
        if kind is not notification.KIND:
            await entities.assign(db, ref, event.data["assignee_ids"])
        await entities.add_entries(db, ref, entries, AT)
    return ref


async def late(world: World, id_: str = "42", *, state: str = "escalated", **changes: Any) -> Ref:
    """A follow-up that is overdue, and of which a level above was told."""
    return await stored(world, follow_up(id_), overdue(), level(), state=state, **changes)


def overdue(outcome: str = "sent") -> Entry:
    step = Step(key=OVERDUE, type="follow_up.overdue", stage="overdue", due_at=AT, deadline=AT)
    return Entry(step, outcome)


def level(outcome: str = "sent") -> Entry:
    step = Step(key=LEVEL, type="follow_up.overdue", stage="escalation", due_at=AT + HOUR, deadline=AT, to="managers")
    return Entry(step, outcome)


async def load(world: World, ref: Ref) -> Entity:
    async with world.ours.database.read() as db:
        found = await entities.load(db, ref)
    assert found is not None
    return found
