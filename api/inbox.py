"""The caller's own inbox: `/v1/notifications`."""

import hashlib
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from pydantic import AfterValidator, Field, StrictBool, StringConstraints, model_validator

from api import acts, answers, inbox_changes
from api.acts import ActId
from api.answers import documented
from api.bodies import StrictRoute
from api.cursors import Pages
from api.deps import Cursor, IdPath, Limit, Ours, Person, Temporal, now
from api.identity import Caller
from api.live_messages import Notification
from api.problems import not_found
from punctual.wire import Id, Instant, Strict
from store import inbox

router = APIRouter(prefix="/v1/notifications", route_class=StrictRoute, tags=["inbox"])

Name = Annotated[str | None, Query(pattern=r"^[a-z_.]{1,64}$")]
Search = Annotated[str | None, Query(max_length=200)]
IfNoneMatch = Annotated[str | None, Header(max_length=1000)]


LONGEST_SNOOZE = timedelta(days=3653)
MOST_AT_ONCE = 500


def _ahead(moment: datetime) -> datetime:
    if not now() < moment <= now() + LONGEST_SNOOZE:
        raise ValueError("must be in the future, and at most ten years ahead")
    return moment


class Change(Strict):
    """What to change; what is left out stays. A `snoozed_until` of null ends the snooze."""

    read: StrictBool | None = None
    archived: StrictBool | None = None
    snoozed_until: Annotated[Instant, AfterValidator(_ahead)] | None = None

    @property
    def wanted(self) -> dict[str, Any]:
        """What is to be set, by name."""
        flags = {"read": self.read, "archived": self.archived}
        named = {name: on for name, on in flags.items() if on is not None}
        return {**named, "snoozed_until": self.snoozed_until} if "snoozed_until" in self.model_fields_set else named

    @model_validator(mode="after")
    def _something(self) -> "Change":
        if not self.wanted:
            raise ValueError("must have read, archived or snoozed_until")
        if self.archived and self.snoozed_until:
            raise ValueError("must not be archived and snoozed at once")
        return self


class Bulk(Strict):
    """What to do to which; ids that are not the caller's are ignored."""

    ids: Annotated[list[Id], Field(min_length=1, max_length=MOST_AT_ONCE)]
    action: Literal["read", "unread", "archive", "unarchive", "delete"]


class ReadAll(Strict):
    """Which of the unread; without a category all."""

    category: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,64}$")] | None = None


@router.get("", **documented(answers.Page, tagged=True))
async def list_notifications(
    who: Person,
    ours: Ours,
    response: Response,
    status: Literal["all", "unread", "read", "archived", "snoozed"] = "all",
    category: Name = None,
    type: Name = None,
    priority: Literal["low", "normal", "high", "urgent"] | None = None,
    q: Search = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    if_none_match: IfNoneMatch = None,
) -> Any:
    """The newest first; items, count and version are of one instant.

    Each word of `q` begins a word of the title or message, whatever their case and accents; without a letter or
    digit it narrows nothing.
    """
    pages = Pages(ours.vault, who, "inbox", status, category, type, priority, q)
    position = pages.position(cursor)
    async with ours.database.read() as db:
        count = await inbox_changes.counted(db, who)
        if _same(response, who, count.version, if_none_match):
            return _not_modified(response)
        found = await inbox.page(
            db, who.tenant, who.user_id, status=status, category=category, type_=type, priority=priority, q=q,
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


@router.get("/unread-count", **documented(answers.Count, tagged=True))
async def unread_count(who: Person, ours: Ours, response: Response, if_none_match: IfNoneMatch = None) -> Any:
    """How many are unread: exactly as many as the list `status=unread` holds."""
    count = await inbox_changes.count(ours, who)
    if _same(response, who, count.version, if_none_match):
        return _not_modified(response)
    return {"count": count.count, "version": count.version}


@router.post("/mark-all-read", **documented(answers.Count))
async def mark_all_read(who: Person, ours: Ours, body: ReadAll | None = None) -> dict[str, Any]:
    """Reads all that is unread, or all of one category; answers what is unread after it."""
    count = await inbox_changes.read_all(ours, who, body.category if body else None)
    return {"count": count.count, "version": count.version}


@router.post("/bulk", **documented(answers.Changed))
async def change_several(body: Bulk, who: Person, ours: Ours) -> dict[str, Any]:
    """Does the same to up to 500 at once; answers how many were not so already, and what is unread after it."""
    ids = set(body.ids)
    if body.action == "delete":
        after = await inbox_changes.remove_several(ours, who, ids)
    else:
        after = await inbox_changes.act(ours, who, ids, body.action)
    return {"changed": after.changed, "count": after.count, "version": after.version}


@router.delete("", **documented(answers.Deleted))
async def delete_read(who: Person, ours: Ours, status: Literal["read"]) -> dict[str, Any]:
    """Deletes all that the list `status=read` holds; answers how many, and what is unread after it."""
    after = await inbox_changes.remove_read(ours, who)
    return {"deleted": after.changed, "count": after.count, "version": after.version}


@router.get("/{id}", **documented(Notification, tagged=True))
async def get_notification(
    id: IdPath, who: Person, ours: Ours, response: Response, if_none_match: IfNoneMatch = None
) -> Any:
    """One notification."""
    async with ours.database.read() as db:
        found = await inbox.get(db, who.tenant, who.user_id, [id])
        version = await inbox.version(db, who.tenant, who.user_id)
    if not found:
        raise not_found()
    if _same(response, who, version, if_none_match):
        return _not_modified(response)
    return found[0].public()


@router.patch("/{id}", **documented(Notification))
async def change_notification(
    id: IdPath, body: Change, who: Person, ours: Ours, temporal: Temporal
) -> dict[str, Any]:
    """Reads, archives or snoozes, or takes that back; answers the notification after it.

    A snooze takes out of the archive, and the archive ends a snooze. What was snoozed is unread when its time comes,
    and what was pushed of it is pushed once more, unless it was read or acknowledged meanwhile.
    """
    changed = await inbox_changes.change(ours, who, id, temporal=temporal, **body.wanted)
    if changed is None:
        raise not_found()
    return changed.notification.public()


@router.delete("/{id}", status_code=204)
async def delete_notification(id: IdPath, who: Person, ours: Ours) -> None:
    """Takes one notification out of the inbox for good."""
    if not await inbox_changes.remove(ours, who, id):
        raise not_found()


@router.post("/{id}/acknowledge", **documented(Notification))
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


def _same(response: Response, who: Caller, version: int, if_none_match: str | None) -> bool:
    """Whether the client has this version already; sets the headers that let it ask next time."""
    # One browser may serve several people in turn: the tag tells their inboxes apart.
    owner = hashlib.sha256(f"{who.tenant}/{who.user_id}".encode()).hexdigest()[:8]
    tag = f'"{owner}-{version}"'
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Authorization"
    given = [part.strip().removeprefix("W/") for part in (if_none_match or "").split(",")]
    return tag in given or "*" in given


def _not_modified(response: Response) -> Response:
    return Response(status_code=304, headers=dict(response.headers))
