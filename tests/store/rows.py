"""Rows to put into a store, and all that a store holds."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from punctual.lifecycle import Applied, Record
from punctual.planning import Entry
from punctual.protocol import Ref
from punctual.timeline import Step
from store.engine import Connection, Database
from store.inbox import Notification
from store.ledger import Delivery
from store.subscriptions import Subscription
from store.tables import metadata

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KEY = "reminder-PT1H-20261120T100000Z"
SECRET = "a-secret-of-at-least-thirty-two-characters"


def ref(id_: str = "42", tenant: str = "acme") -> Ref:
    return Ref(tenant=tenant, kind="appointment", id=id_)


def note(id_: str = "n1", **changes: Any) -> Notification:
    values: dict[str, Any] = {
        "id": id_, "user_id": "asha", "kind": "appointment", "entity_id": "42", "step_key": KEY,
        "type": "appointment.reminder", "category": "appointments", "priority": "high", "title": "Visit",
        "message": "Soon", "action_url": None, "action_text": None, "actions": [], "metadata": {},
        "listed": True, "created_at": NOW,
    }  # fmt: skip
    return Notification(**{**values, **changes})


def delivery(id_: str = "d1", **changes: Any) -> Delivery:
    values: dict[str, Any] = {
        "id": id_, "user_id": "asha", "channel": "email", "step_key": KEY, "notification_id": "n1",
        "outcome": "planned", "reason": None, "at": NOW,
    }  # fmt: skip
    return Delivery(**{**values, **changes})


def entry(key: str = KEY, **changes: Any) -> Entry:
    step = Step(key=key, type="appointment.reminder", stage="reminder", due_at=NOW, announces=NOW + 60 * MINUTE)
    return Entry(step, **changes)


def record(**snapshot: Any) -> Record:
    mark = ("2026-11-20T08:00:00.000000Z", False, "e1", "crm")
    return Record(latest=Applied(mark=mark, type="appointment.scheduled", snapshot=snapshot))


def subscription(id_: str = "s1", **changes: Any) -> Subscription:
    values: dict[str, Any] = {
        "id": id_, "user_id": "asha", "endpoint": f"https://push.example/endpoint-of-{id_}",
        "p256dh": "public-key-of-the-browser", "auth": "auth-secret-of-the-browser", "device": "Firefox on Linux",
        "created_at": NOW,
    }  # fmt: skip
    return Subscription(**{**values, **changes})


async def dump(db: Connection, tenant: str) -> dict[str, Sequence[Any]]:
    """Every row of a tenant, by table."""
    return {
        table.name: (
            await db.execute(select(table).where(table.c.tenant == tenant).order_by(*table.primary_key))
        ).all()
        for table in metadata.sorted_tables
    }  # fmt: skip


def another(database: Database) -> Database:
    """The same database as another process meets it: with connections and locks of its own."""
    return Database(database.engine.url.render_as_string(hide_password=False))
