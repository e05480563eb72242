"""What people do in their inboxes, by HTTP or by socket: one transaction each, then a frame to all their sockets."""

from dataclasses import dataclass
from typing import Any

from api.deps import now
from api.identity import Caller
from resources import Resources
from store import inbox
from store.engine import Connection
from store.inbox import Notification


@dataclass(frozen=True)
class Count:
    """How many are unread, as of a version of the inbox; `changed` says whether this very act changed anything."""

    count: int
    version: int
    changed: bool = False

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


async def counted(db: Connection, who: Caller, *, changed: bool = False) -> Count:
    """The count within a transaction; a change makes the next version."""
    return await _counted(db, who.tenant, who.user_id, changed=changed)


async def _counted(db: Connection, tenant: str, user_id: str, *, changed: bool) -> Count:
    if changed:
        version = (await inbox.bump(db, tenant, [user_id]))[user_id]
    else:
        version = await inbox.version(db, tenant, user_id)
    return Count((await inbox.unread(db, tenant, [user_id]))[user_id], version, changed)


async def change(
    ours: Resources, who: Caller, id_: str, *, read: bool | None = None, archived: bool | None = None
) -> Changed | None:
    """Sets what is not None; None when there is no such notification in the caller's inbox."""
    wanted = {"read_at": read, "archived_at": archived}
    async with ours.database.write() as db:
        found = await inbox.get(db, who.tenant, who.user_id, [id_])
        if not found:
            return None
        values = {
            column: now() if on else None
            for column, on in wanted.items()
            if on is not None and on != (getattr(found[0], column) is not None)
        }
        if values:
            await inbox.change(db, who.tenant, who.user_id, [id_], **values)
            found = await inbox.get(db, who.tenant, who.user_id, [id_])
        changed = Changed(found[0], await counted(db, who, changed=bool(values)))
    if values:
        await ours.bus.publish(who.tenant, who.user_id, changed.frame)
    return changed


async def acknowledged(ours: Resources, tenant: str, note: Notification) -> Notification:
    """The notification, marked as acknowledged, which it may not be where its step is not of today's escalation."""
    async with ours.database.write() as db:
        found = await inbox.get(db, tenant, note.user_id, [note.id])
        if not found or found[0].acknowledged_at is not None:
            return found[0] if found else note
        await inbox.change(db, tenant, note.user_id, [note.id], acknowledged_at=now())
        found = await inbox.get(db, tenant, note.user_id, [note.id])
        changed = Changed(found[0], await _counted(db, tenant, note.user_id, changed=True))
    await ours.bus.publish(tenant, note.user_id, changed.frame)
    return changed.notification


async def read_all(ours: Resources, who: Caller, category: str | None = None) -> Count:
    """Reads all that is unread, or all of one category."""
    async with ours.database.write() as db:
        number = await inbox.mark_all_read(db, who.tenant, who.user_id, category, now())
        after = await counted(db, who, changed=number > 0)
    if after.changed:
        await ours.bus.publish(who.tenant, who.user_id, after.frame)
    return after
