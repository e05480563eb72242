"""The directory: `/v1/users`."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Body, Response

from api.bodies import StrictRoute
from api.cursors import Pages
from api.deps import Cursor, IdPath, Limit, Ours, System, Temporal, iso, now
from api.gateway import Gateway
from api.me import stopped_mail
from api.people import NamedPerson, Replacement, circular
from api.problems import not_found, unprocessable
from punctual.errors import FieldProblem
from punctual.protocol import Ref
from resources import Resources
from store import directory, entities, inbox, ledger, preferences, waiting
from store.directory import User
from store.engine import Connection

router = APIRouter(prefix="/v1/users", route_class=StrictRoute, tags=["users"])

_PAGE = 500


@router.put("")
async def put_users(
    body: Annotated[list[NamedPerson], Body(max_length=1000)], who: System, ours: Ours, temporal: Temporal
) -> dict[str, Any]:
    """Creates or replaces up to 1,000 people; all of them or none."""
    people = [person.user(person.id) for person in body]
    first = {user.id: index for index, user in reversed(list(enumerate(people)))}
    again = [index for index, user in enumerate(people) if first[user.id] != index]
    if again:
        twice = [FieldProblem((index, "id"), "is in the list twice") for index in again]
        raise unprocessable(twice, batch=True)
    await _put(ours, temporal, who.tenant, people, batch=True)
    return {"items": [_shown(user) for user in people]}


@router.put("/{id}")
async def put_user(id: IdPath, body: Replacement, who: System, ours: Ours, temporal: Temporal) -> dict[str, Any]:
    """Creates or replaces one person."""
    if body.id is not None and body.id != id:
        raise unprocessable([FieldProblem(("id",), "is not the id in the path")])
    user = body.user(id)
    await _put(ours, temporal, who.tenant, [user], batch=False)
    return _shown(user)


@router.get("")
async def list_users(who: System, ours: Ours, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """The directory by id."""
    pages = Pages(ours.vault, who, "users")
    after = pages.position(cursor)
    async with ours.database.read() as db:
        found = await directory.page(db, who.tenant, after=after[0] if after else None, limit=limit + 1)
    more = len(found) > limit
    shown = found[:limit]
    return {
        "items": [_shown(user) for user in shown],
        "next_cursor": pages.cursor(shown[-1].id) if more else None,
    }


@router.get("/{id}")
async def get_user(id: IdPath, who: System, ours: Ours) -> dict[str, Any]:
    """One person."""
    async with ours.database.read() as db:
        return _shown(await _known(db, who.tenant, id))


@router.delete("/{id}", status_code=204)
async def erase_user(id: IdPath, who: System, ours: Ours) -> Response:
    """Erases the person and all that was written for them."""
    async with ours.database.write() as db:
        user = await _known(db, who.tenant, id)
        if not await directory.erase(db, who.tenant, id):
            raise not_found()
        # Last: until the deliveries are gone, somebody may hear that one of them came back.
        await ours.suppressions.forget(db, who.tenant, id, user.email)
    return Response(status_code=204)


@router.get("/{id}/export")
async def export_user(id: IdPath, who: System, ours: Ours) -> dict[str, Any]:
    """All that is kept about the person; push endpoints are secrets and left out."""
    async with ours.database.read() as db:
        user = await _known(db, who.tenant, id)
        notifications = [
            note.public()
            for status in ("all", "snoozed", "archived")
            for note in await _notifications(db, who.tenant, id, status)
        ]
        subscriptions = await ours.subscriptions.of(db, who.tenant, id)
        assigned = await _assigned(db, who.tenant, id)
        deliveries = await ledger.of_user(db, who.tenant, id)
        chosen = await preferences.of(db, who.tenant, [id])
        stopped = await ours.suppressions.of(db, who.tenant, id, user.email)
    return {
        "user": _shown(user),
        "notifications": notifications,
        "push_subscriptions": [
            {"id": found.id, "device": found.device, "created_at": iso(found.created_at)} for found in subscriptions
        ],
        "preferences": chosen[id].model_dump(mode="json"),
        "assigned": [{"kind": ref.kind, "id": ref.id} for ref in assigned],
        "deliveries": [
            {"channel": row.channel, "outcome": row.outcome, "reason": row.reason, "at": iso(row.at)}
            for row in deliveries
        ],
        "mail_stopped": [stopped_mail(found) for found in stopped],
    }


async def _put(ours: Resources, temporal: Gateway, tenant: str, people: Sequence[User], *, batch: bool) -> None:
    at = now()
    async with ours.database.write() as db:
        await directory.lock(db, tenant)
        chart = await directory.managers(db, tenant)
        for user in people:
            chart.pop(user.id, None)
            if user.manager_id is not None:
                chart[user.id] = user.manager_id
        round_ = [index for index, user in enumerate(people) if circular(chart, user.id)]
        if round_:
            detail = "makes a circle: somebody would be their own manager"
            paths = [(index, "manager_id") if batch else ("manager_id",) for index in round_]
            raise unprocessable([FieldProblem(path, detail) for path in paths], batch=batch)
        before = await directory.get(db, tenant, [user.id for user in people])
        moved = [user.id for user in people if user.id in before and before[user.id].timezone != user.timezone]
        await directory.put(db, tenant, people)
        zones = {user.id: user.timezone for user in people if user.active}
        await preferences.follow_zones(db, tenant, zones, at)
        # Elsewhere the night is another.
        waits = [id_ for id_ in moved if await waiting.look_again(db, tenant, id_, at, digests=True)]
    await temporal.look_again(tenant, waits, at)


async def _known(db: Connection, tenant: str, id_: str) -> User:
    found = await directory.get(db, tenant, [id_])
    if id_ not in found:
        raise not_found()
    return found[id_]


async def _notifications(db: Connection, tenant: str, user_id: str, status: str) -> list[inbox.Notification]:
    found: list[inbox.Notification] = []
    while True:
        before = (found[-1].created_at, found[-1].id) if found else None
        page = await inbox.page(db, tenant, user_id, status=status, before=before, limit=_PAGE)
        found += page
        if len(page) < _PAGE:
            return found


async def _assigned(db: Connection, tenant: str, user_id: str) -> list[Ref]:
    found: list[Ref] = []
    while True:
        after = (found[-1].kind, found[-1].id) if found else None
        page = await entities.page(db, tenant, assignee=user_id, after=after, limit=_PAGE)
        found += [Ref(tenant=tenant, kind=entity.kind, id=entity.id) for entity in page]
        if len(page) < _PAGE:
            return found


def _shown(user: User) -> dict[str, Any]:
    return asdict(user)
