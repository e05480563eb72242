"""When a tenant reminds and escalates: `/v1/admin/policies/{kind}`."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends

from api.bodies import StrictRoute
from api.deps import Admin, NamePath, Ours, Temporal, now
from api.problems import not_found, unprocessable
from punctual.policy import Policy, check
from punctual.preview import Difference, compare
from punctual.protocol import Ref
from punctual.registry import ENTITIES
from punctual.scene import scene_of, unworkable, whose_zone, zone_of
from resources import Resources
from store import directory, entities, policies
from store.entities import Entity

router = APIRouter(prefix="/v1/admin/policies/{kind}", route_class=StrictRoute, tags=["admin"])

_PAGE = 200
_TARGETS = {"first_response", "resolution"}


def _entity_kind(kind: NamePath, who: Admin) -> str:
    if kind not in ENTITIES:
        raise not_found()
    return kind


EntityKind = Annotated[str, Depends(_entity_kind)]


def _possible(kind: EntityKind, body: Policy) -> Policy:
    """A policy that can be followed as it is written."""
    if problems := check(body, kind=kind) or unworkable(body, "UTC", now()):
        raise unprocessable(problems)
    return body


Possible = Annotated[Policy, Depends(_possible)]


@router.get("")
async def get_policy(kind: EntityKind, who: Admin, ours: Ours) -> dict[str, Any]:
    """The tenant's policy, or the default of the kind."""
    async with ours.database.read() as db:
        found = await policies.current(db, who.tenant, kind)
    return _shown(kind, found.policy)


@router.put("")
async def put_policy(
    kind: EntityKind,
    policy: Possible,
    who: Admin,
    ours: Ours,
    temporal: Temporal,
    apply: Literal["new", "open"] = "new",
) -> dict[str, Any]:
    """Replaces the whole policy; what is left out is off or empty.

    What begins from now on follows it; with `apply=open` also all that has not ended. 503 means that some of that
    may not have been told yet: repeating the request goes on.
    """
    async with ours.database.write() as db:
        had = await policies.current(db, who.tenant, kind)
        # The same again is no other version; a default that is set stays as it is when the product's changes.
        is_same = had.version > 0 and had.policy == policy
        version = had.version if is_same else await policies.put(db, who.tenant, kind, policy, now())
        if apply == "open":
            await policies.follow(db, who.tenant, kind, version)
    if apply == "open":
        async for page in _open_ones(ours, who.tenant, kind):
            await temporal.replan(Ref(tenant=who.tenant, kind=kind, id=entity.id) for entity in page)
    return _shown(kind, policy)


@router.post("/preview")
async def preview_policy(kind: EntityKind, policy: Possible, who: Admin, ours: Ours) -> dict[str, Any]:
    """What the policy would change for all that has not ended, if it were put with `apply=open`; writes nothing."""
    at, difference = now(), Difference()
    async for page in _open_ones(ours, who.tenant, kind):
        difference += await asyncio.to_thread(await _comparison(ours, who.tenant, kind, page, policy, at))
    return {
        "entities": difference.entities,
        "steps_moved": difference.moved,
        "steps_added": difference.added,
        "steps_removed": difference.removed,
    }


async def _open_ones(ours: Resources, tenant: str, kind: str) -> AsyncIterator[list[Entity]]:
    """All entities of a kind that have not ended, page by page."""
    after: str | None = None
    while True:
        async with ours.database.read() as db:
            page = await entities.open_ones(db, tenant, kind, after=after, limit=_PAGE)
        if page:
            yield page
        if len(page) < _PAGE:
            return
        after = page[-1].id


async def _comparison(
    ours: Resources, tenant: str, kind: str, page: Sequence[Entity], policy: Policy, at: datetime
) -> Callable[[], Difference]:
    """Reads what a comparison of these entities needs; the result computes it."""
    async with ours.database.read() as db:
        entries = await entities.entries_of(db, tenant, kind, [entity.id for entity in page])
        people = await directory.get(
            db, tenant, {id_ for entity in page for id_ in whose_zone(entity.snapshot or {})}
        )
        followed = {
            version: await policies.of_version(db, tenant, kind, version)
            for version in {entity.policy_version for entity in page}
        }
    zones = {id_: user.timezone for id_, user in people.items()}

    def compute() -> Difference:
        difference = Difference()
        for entity in page:
            zone = zone_of(entity.snapshot or {}, zones)
            before, after = (scene_of(rules, zone, at) for rules in (followed[entity.policy_version], policy))
            difference += compare(ENTITIES[kind], entity.record, entity.care, entries[entity.id], before, after, at)
        return difference

    return compute


def _shown(kind: str, policy: Policy) -> dict[str, Any]:
    """As it is written: a reminder has one of its two fields, and what is off is null; targets are a ticket's."""
    shown = policy.model_dump(mode="json", exclude=None if kind == "ticket" else _TARGETS)
    shown["reminders"] = [reminder.model_dump(exclude_none=True) for reminder in policy.reminders]
    return shown
