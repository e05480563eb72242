"""Entities as they now are, and the timeline of everything told or to be told about them."""

from collections import defaultdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from api.bodies import StrictRoute
from api.cursors import Pages
from api.deps import Anyone, Cursor, IdPath, Limit, NamePath, Ours, iso
from api.reach import visible
from punctual.protocol import Ref
from punctual.registry import KINDS
from punctual.timeline import Entry
from punctual.wire import ID_PATTERN
from store import entities, ledger
from store.entities import Entity

router = APIRouter(prefix="/v1/entities", route_class=StrictRoute, tags=["entities"])

State = Literal["open", "overdue", "escalated", "acknowledged", "closed"]
UserId = Annotated[str | None, Query(pattern=ID_PATTERN)]


@router.get("")
async def list_entities(
    who: Anyone,
    ours: Ours,
    kind: Annotated[str | None, Query(pattern=r"^[a-z_]{1,64}$")] = None,
    state: State | None = None,
    assignee: UserId = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Entities by kind and id; a user sees what is assigned to it or to somebody below it.

    Single events are listed with `kind=notification` only.
    """
    pages = Pages(ours.vault, who, "entities", kind, state, assignee)
    position = pages.position(cursor)
    async with ours.database.read() as db:
        found = await entities.page(
            db, who.tenant, kind=kind, state=state, assignee=assignee,
            within_reach_of=who.user_id if who.role == "user" else None,
            after=(position[0], position[1]) if position else None, limit=limit + 1,
        )  # fmt: skip
    shown = found[:limit]
    return {
        "items": [_shown(entity) for entity in shown],
        "next_cursor": pages.cursor(shown[-1].kind, shown[-1].id) if len(found) > limit else None,
    }


@router.get("/{kind}/{id}")
async def get_entity(kind: NamePath, id: IdPath, who: Anyone, ours: Ours, user: UserId = None) -> dict[str, Any]:
    """One entity with its timeline. `entity` is null while every event about it was refused.

    With `user` only what that user got or did not get, and the steps that concern them or are still planned.
    """
    ref = Ref(tenant=who.tenant, kind=kind, id=id)
    # Who else was written to is nobody's business among those who were.
    is_recipient = who.role == "user" and not KINDS[kind].lasts if kind in KINDS else False
    user = who.user_id if is_recipient else user
    async with ours.database.read() as db:
        entity = await visible(db, ref, who)
        timeline = await entities.entries(db, ref)
        deliveries = await ledger.of_entity(db, ref)
    recipients: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in deliveries:
        if user in (None, row.user_id):
            recipients[row.step_key].append(
                {
                    "user_id": row.user_id,
                    "channel": row.channel,
                    "outcome": row.outcome,
                    "reason": row.reason,
                    "at": iso(row.at),
                }
            )
    steps = [told for told in timeline if user is None or told.is_open or told.step.key in recipients]
    shown = _shown(entity)
    if is_recipient and entity.snapshot:
        shown["entity"] = {name: value for name, value in entity.snapshot.items() if name != "recipients"}
    return {**shown, "timeline": [_row(told, recipients[told.step.key]) for told in steps]}


def _shown(entity: Entity) -> dict[str, Any]:
    return {
        "kind": entity.kind,
        "id": entity.id,
        "state": entity.state,
        "entity": entity.snapshot,
        "next_step_at": iso(entity.next_step_at),
        "acknowledged_by": entity.acknowledged_by,
    }


def _row(told: Entry, recipients: list[dict[str, Any]]) -> dict[str, Any]:
    """A step; a level of an escalation also says for whom it is, and a refused event what was wrong with it."""
    row = {
        "key": told.step.key,
        "type": told.step.type,
        "due_at": iso(told.step.due_at),
        "outcome": told.outcome,
        "reason": told.reason,
        "recipients": recipients,
    }
    more = {"to": told.step.to, "detail": told.detail}
    return {**row, **{name: text for name, text in more.items() if text}}
