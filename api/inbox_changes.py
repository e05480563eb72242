"""What people do in their inboxes, by HTTP or by socket: one transaction each, then a frame to all their sockets."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.deps import now
from api.gateway import Gateway
from api.identity import Caller
from resources import Resources
from store import inbox, inbox_changes, recalls
from store.engine import Connection
from store.inbox import Notification
from store.inbox_changes import Action


@dataclass(frozen=True)
class Count:
    """How many are unread, as of a version of the inbox; `changed` says how many this very act changed."""

    count: int
    version: int
    changed: int = 0

    @property
    def frame(self) -> dict[str, Any]:
        return {"type": "unread_count", "count": self.count, "version": self.version}


@dataclass(frozen=True)
class Changed:
    """A notification after a change, and the inbox it is in."""

    notification: Notification
    inbox: Count

    @property
    def frame(self) -> dict[str, Any]:
        return {
            "type": "notification_updated",
            "notification": self.notification.public(),
            "unread_count": self.inbox.count,
            "version": self.inbox.version,
        }


async def count(ours: Resources, who: Caller) -> Count:
    """The caller's unread count."""
    async with ours.database.read() as db:
        return await counted(db, who)


async def counted(db: Connection, who: Caller, *, changed: int = 0) -> Count:
    """The count within a transaction; a change makes the next version."""
    return await _counted(db, who.tenant, who.user_id, changed=changed)


async def _counted(db: Connection, tenant: str, user_id: str, *, changed: int) -> Count:
    if changed:
        version = (await inbox.bump(db, tenant, [user_id]))[user_id]
    else:
        version = await inbox.version(db, tenant, user_id)
    return Count((await inbox.unread(db, tenant, [user_id]))[user_id], version, changed)


@asynccontextmanager
async def _changing(ours: Resources, tenant: str, user_id: str) -> AsyncIterator[Connection]:
    """A transaction that changes one inbox, with nobody else changing it."""
    async with ours.database.write() as db:
        await inbox.lock(db, tenant, [user_id])
        yield db


async def change(
    ours: Resources, who: Caller, id_: str, *, temporal: Gateway | None = None, **wanted: Any
) -> Changed | None:
    """Sets what is named: `read` and `archived` to a bool, `snoozed_until` to an instant or None.

    The answer is None when there is no such notification in the caller's inbox. Who snoozes gives `temporal`: what
    was pushed is pushed once more when the snooze ends, and without it a worker finds that minutes later.
    """
    async with _changing(ours, who.tenant, who.user_id) as db:
        found = await inbox.get(db, who.tenant, who.user_id, [id_])
        if not found:
            return None
        before, at = found[0], now()
        values = _values(before, wanted, at)
        if values:
            await inbox.change(db, who.tenant, who.user_id, [id_], **values)
            found = await inbox.get(db, who.tenant, who.user_id, [id_])
        changed = Changed(found[0], await counted(db, who, changed=int(bool(values))))
        pushed_at = await _recalled(db, who, before, changed.notification, wanted, at)
    if values:
        await ours.bus.publish(who.tenant, who.user_id, changed.frame)
    if pushed_at is not None and temporal is not None:
        await temporal.look_again(who.tenant, [who.user_id], pushed_at)
    return changed


async def _recalled(
    db: Connection, who: Caller, before: Notification, after: Notification, wanted: dict[str, Any], at: datetime
) -> datetime | None:
    """When what was pushed of a notification is pushed once more, if it was snoozed just now.

    What is read, archived or woken before its time is not.
    """
    if after.snoozed_until is not None and "snoozed_until" in wanted:
        return await recalls.snooze(db, who.tenant, after, after.snoozed_until, at)
    if before.snoozed_until is not None and (after.snoozed_until is None or wanted.get("read")):
        await recalls.take_back(db, who.tenant, who.user_id, [after.id])
    return None


def _values(note: Notification, wanted: dict[str, Any], at: datetime) -> dict[str, Any]:
    """The columns that change. What is archived is not snoozed: the later of the two ends the earlier."""
    values: dict[str, Any] = {}
    if "read" in wanted:
        values["read_at"] = (note.read_at or at) if wanted["read"] else None
    if "archived" in wanted:
        values["archived_at"] = (note.archived_at or at) if wanted["archived"] else None
    if "snoozed_until" in wanted:
        values["snoozed_until"] = wanted["snoozed_until"]
    if values.get("archived_at"):
        values["snoozed_until"] = None
    elif values.get("snoozed_until"):
        values["archived_at"] = None
    return {name: value for name, value in values.items() if value != getattr(note, name)}


async def remove(ours: Resources, who: Caller, id_: str) -> bool:
    """Deletes one notification; whether it was in the caller's inbox."""
    async with _changing(ours, who.tenant, who.user_id) as db:
        gone = await inbox_changes.remove(db, who.tenant, who.user_id, [id_])
        after = await counted(db, who, changed=gone)
    if gone:
        frame = {"type": "notification_deleted", "id": id_, "unread_count": after.count, "version": after.version}
        await ours.bus.publish(who.tenant, who.user_id, frame)
    return bool(gone)


async def act(ours: Resources, who: Caller, ids: Collection[str], action: Action) -> Count:
    """Does the same to several; ids that are not the caller's are ignored."""
    return await _several(ours, who, lambda db: inbox_changes.act(db, who.tenant, who.user_id, ids, action, now()))


async def remove_several(ours: Resources, who: Caller, ids: Collection[str]) -> Count:
    """Deletes several; ids that are not the caller's are ignored."""
    return await _several(ours, who, lambda db: inbox_changes.remove(db, who.tenant, who.user_id, ids))


async def remove_read(ours: Resources, who: Caller) -> Count:
    """Deletes all that the status `read` holds."""
    return await _several(ours, who, lambda db: inbox_changes.remove_read(db, who.tenant, who.user_id))


async def read_all(ours: Resources, who: Caller, category: str | None = None) -> Count:
    """Reads all that is unread, or all of one category."""
    return await _several(
        ours, who, lambda db: inbox_changes.mark_all_read(db, who.tenant, who.user_id, category, now())
    )


async def _several(ours: Resources, who: Caller, does: Callable[[Connection], Awaitable[int]]) -> Count:
    """However many it changes: one version, and one frame that says so."""
    async with _changing(ours, who.tenant, who.user_id) as db:
        after = await counted(db, who, changed=await does(db))
    if after.changed:
        await ours.bus.publish(who.tenant, who.user_id, after.frame)
    return after


async def acknowledged(ours: Resources, tenant: str, note: Notification) -> Notification:
    """The notification, marked as acknowledged, which it may not be where its step is not of today's escalation."""
    async with _changing(ours, tenant, note.user_id) as db:
        found = await inbox.get(db, tenant, note.user_id, [note.id])
        if not found or found[0].acknowledged_at is not None:
            return found[0] if found else note
        await inbox.change(db, tenant, note.user_id, [note.id], acknowledged_at=now())
        found = await inbox.get(db, tenant, note.user_id, [note.id])
        changed = Changed(found[0], await _counted(db, tenant, note.user_id, changed=1))
    await ours.bus.publish(tenant, note.user_id, changed.frame)
    return changed.notification
