"""The caller's own inbox: `/v1/notifications`."""

import hashlib
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from pydantic import StrictBool, StringConstraints, model_validator

from api import acts, inbox_changes
from api.acts import ActId
from api.bodies import StrictRoute
from api.cursors import Pages
from api.deps import Cursor, IdPath, Limit, Ours, Person, Temporal
from api.identity import Caller
from api.inbox_changes import Count
from api.problems import not_found
from punctual.wire import Strict
from store import inbox

router = APIRouter(prefix="/v1/notifications", route_class=StrictRoute, tags=["inbox"])

Name = Annotated[str | None, Query(pattern=r"^[a-z_.]{1,64}$")]
IfNoneMatch = Annotated[str | None, Header(max_length=1000)]


class Change(Strict):
    """What to change; what is left out stays."""

    read: StrictBool | None = None
    archived: StrictBool | None = None

    @model_validator(mode="after")
    def _something(self) -> "Change":
        if self.read is None and self.archived is None:
            raise ValueError("must have read or archived")
        return self


class ReadAll(Strict):
    """Which of the unread; without a category all."""

    category: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,64}$")] | None = None


@router.get("")
async def list_notifications(
    who: Person,
    ours: Ours,
    response: Response,
    status: Literal["all", "unread", "read", "archived", "snoozed"] = "all",
    category: Name = None,
    type: Name = None,
    priority: Literal["low", "normal", "high", "urgent"] | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    if_none_match: IfNoneMatch = None,
) -> Any:
    """The newest first; items, count and version are of one instant."""
    pages = Pages(ours.vault, who, "inbox", status, category, type, priority)
    position = pages.position(cursor)
    async with ours.database.read() as db:
        count = await inbox_changes.counted(db, who)
        if _same(response, who, count, if_none_match):
            return _not_modified(response)
        found = await inbox.page(
            db, who.tenant, who.user_id, status=status, category=category, type_=type, priority=priority,
            before=(datetime.fromisoformat(position[0]), position[1]) if position else None, limit=limit + 1,
        )  # fmt: skip
    shown = found[:limit]
    last = shown[-1] if len(found) > limit else None
    return {
        "items": [note.public() for note in shown],
        "next_cursor": pages.cursor(last.created_at.isoformat(), last.id) if last else None,
        "unread_count": count.count,
        "version": count.version,
    }


@router.get("/unread-count")
async def unread_count(who: Person, ours: Ours, response: Response, if_none_match: IfNoneMatch = None) -> Any:
    """How many are unread: exactly as many as the list `status=unread` holds."""
    count = await inbox_changes.count(ours, who)
    if _same(response, who, count, if_none_match):
        return _not_modified(response)
    return {"count": count.count, "version": count.version}


@router.post("/mark-all-read")
async def mark_all_read(who: Person, ours: Ours, body: ReadAll | None = None) -> dict[str, Any]:
    """Reads all that is unread, or all of one category; answers what is unread after it."""
    count = await inbox_changes.read_all(ours, who, body.category if body else None)
    return {"count": count.count, "version": count.version}


@router.get("/{id}")
async def get_notification(id: IdPath, who: Person, ours: Ours) -> dict[str, Any]:
    """One notification."""
    async with ours.database.read() as db:
        found = await inbox.get(db, who.tenant, who.user_id, [id])
    if not found:
        raise not_found()
    return found[0].public()


@router.patch("/{id}")
async def change_notification(id: IdPath, body: Change, who: Person, ours: Ours) -> dict[str, Any]:
    """Marks as read or unread, archives or takes back; answers the notification after it."""
    changed = await inbox_changes.change(ours, who, id, read=body.read, archived=body.archived)
    if changed is None:
        raise not_found()
    return changed.notification.public()


@router.post("/{id}/acknowledge")
async def acknowledge_notification(
    id: IdPath, act_id: ActId, who: Person, ours: Ours, temporal: Temporal
) -> dict[str, Any]:
    """Acknowledges what the notification tells of, and stops its escalation; answers the notification after it."""
    async with ours.database.read() as db:
        found = await inbox.get(db, who.tenant, who.user_id, [id])
    if not found:
        raise not_found()
    note = await acts.acknowledge_for(ours, temporal, who.tenant, found[0], act_id, override=who.role == "admin")
    return note.public()


def _same(response: Response, who: Caller, count: Count, if_none_match: str | None) -> bool:
    """Whether the client has this version already; sets the headers that let it ask next time."""
    # One browser may serve several people in turn: the tag tells their inboxes apart.
    owner = hashlib.sha256(f"{who.tenant}/{who.user_id}".encode()).hexdigest()[:8]
    tag = f'"{owner}-{count.version}"'
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Authorization"
    given = [part.strip().removeprefix("W/") for part in (if_none_match or "").split(",")]
    return tag in given or "*" in given


def _not_modified(response: Response) -> Response:
    return Response(status_code=304, headers=dict(response.headers))
