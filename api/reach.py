"""Whose entities a caller may see: service and admin all of the tenant's, a user what concerns them."""

from api.identity import Caller
from api.problems import not_found
from punctual.protocol import Ref
from punctual.registry import ENTITIES
from store import entities, inbox, ledger
from store.engine import Connection
from store.entities import Entity


async def visible(db: Connection, ref: Ref, who: Caller) -> Entity:
    """The entity; raises Problem 404 when there is none, or it is out of the caller's reach.

    A user reaches what is assigned to them or to somebody below them, what they were told the escalation of, and
    single events that were for them.
    """
    entity = await entities.load(db, ref)
    if entity is None or (who.role == "user" and not await _concerns(db, ref, who.user_id)):
        raise not_found()
    return entity


async def _concerns(db: Connection, ref: Ref, user_id: str) -> bool:
    if ref.kind not in ENTITIES:
        return await ledger.has_any(db, ref, user_id)
    if await entities.is_within_reach(db, ref, user_id):
        return True
    late = [told.step.key for told in await entities.entries(db, ref) if told.step.is_alarm]
    return await inbox.has_any(db, ref, late, user_id)
