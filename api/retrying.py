"""What failed is sent again where that makes sense: decided anew, written down, and told to the workflows that send.

What a digest brings goes with it, on the next run of the digests' schedule. What quiet hours held back is looked at
once more, so that one message or one summary brings what still matters of it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.gateway import Gateway
from punctual.channels import CHANNELS
from punctual.kind import Kind, Scene
from punctual.planning import Plan
from punctual.protocol import CARRIERS, DIGEST, QUIET_HOURS, Ref
from punctual.registry import KINDS
from punctual.retrying import as_planned_now, obstacle
from punctual.scene import scene_of, whose_zone, zone_of
from store import directory, entities, policies, retries
from store.engine import Connection, Database
from store.retries import RETRYABLE, Candidate
from store.suppressions import Suppressions


@dataclass(frozen=True)
class Retried:
    """The ids of those that are under way again, and why others are not, by theirs."""

    ids: list[str]
    refused: dict[str, str]


@dataclass(frozen=True)
class _Standing:
    """An entity as it would be planned now."""

    kind: Kind[Any]
    plan: Plan
    scene: Scene


async def retry(
    db: Connection, tenant: str, asked: Sequence[Candidate], suppressions: Suppressions, now: datetime
) -> Retried:
    """Writes down what is to be sent again; what is on its way already counts as such."""
    summaries = {row.id for row in asked if row.kind == QUIET_HOURS and row.outcome in RETRYABLE}
    brought = await retries.brought_by(db, tenant, summaries)
    rows = {row.id: row for row in (*brought, *asked)}
    why = await _judged(db, tenant, rows.values(), now)
    mails = {row.user_id: row.address for row in rows.values() if row.channel == "email" and row.address}
    stopped = await suppressions.stopped(db, tenant, mails, ()) if mails else {}
    why |= {row.id: "bounced" for row in rows.values() if row.channel == "email" and row.user_id in stopped}
    ready = [row for row in rows.values() if why[row.id] is None and row.outcome in RETRYABLE]

    ends = {row.carried_by for row in ready} & summaries
    digests = {row.id for row in ready if row.kind == DIGEST}
    alone = {row.id for row in ready if row.carried_by is not None and row.carried_by not in digests}
    plain = {row.id for row in ready if row.carried_by is None and row.kind not in CARRIERS}
    done = await retries.send_again(db, tenant, plain | digests, now)
    done |= await retries.wait_again(db, tenant, alone, now)
    done |= await retries.retire(db, tenant, {id_ for id_ in ends if id_ is not None}, now)
    done |= {row.id for row in asked if row.carried_by in digests or (row.outcome == "planned" and not why[row.id])}
    refused = {row.id: why[row.id] or _otherwise(row) for row in asked if row.id not in done}
    return Retried([row.id for row in asked if row.id in done], refused)


async def wake(database: Database, temporal: Gateway, tenant: str, ids: Collection[str], now: datetime) -> None:
    """Tells those who send; again is harmless. Raises Unavailable when Temporal cannot be told."""
    async with database.read() as db:
        rows = await retries.of_ids(db, tenant, ids)
    quiet = {row.user_id for row in rows if QUIET_HOURS in (row.kind, row.reason)}
    await temporal.look_again(tenant, sorted(quiet), now)
    own = {(row.kind, row.entity_id) for row in rows if row.outcome == "planned" and row.kind not in CARRIERS}
    await temporal.replan(Ref(tenant=tenant, kind=kind, id=id_) for kind, id_ in sorted(own))


def _otherwise(row: Candidate) -> str:
    """A summary of which nothing matters any more; or what somebody else has settled in this very moment."""
    return "superseded" if row.kind == QUIET_HOURS else "not_retryable"


async def _judged(db: Connection, tenant: str, rows: Iterable[Candidate], now: datetime) -> dict[str, str | None]:
    """By id why a delivery should not be sent again, None where it should."""
    rows = list(rows)
    ids: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.outcome in RETRYABLE and row.kind in KINDS:
            ids[row.kind].add(row.entity_id)
    standing: dict[tuple[str, str], _Standing] = {}
    for kind in sorted(ids):
        compute = await _standing(db, tenant, kind, ids[kind], now)
        standing |= await asyncio.to_thread(compute)
    return {row.id: _obstacle(row, standing, now) for row in rows}


async def _standing(
    db: Connection, tenant: str, kind: str, ids: Collection[str], now: datetime
) -> Callable[[], dict[tuple[str, str], _Standing]]:
    """Reads what is known of some entities; the result plans them."""
    found = await entities.kept(db, tenant, kind, ids)
    entries = await entities.entries_of(db, tenant, kind, list(found))
    versions = {entity.policy_version for entity in found.values()}
    followed = {version: await policies.of_version(db, tenant, kind, version) for version in versions}
    asked = {id_ for entity in found.values() for id_ in whose_zone(entity.snapshot or {})}
    zones = {id_: user.timezone for id_, user in (await directory.get(db, tenant, asked)).items()}

    def compute() -> dict[tuple[str, str], _Standing]:
        plans = {}
        for id_, entity in found.items():
            zone = zone_of(entity.snapshot or {}, zones)
            scene = scene_of(followed[entity.policy_version], zone, now)
            plan = as_planned_now(KINDS[kind], entity.record, entity.care, entries[id_], scene, now)
            plans[kind, id_] = _Standing(KINDS[kind], plan, scene)
        return plans

    return compute


def _obstacle(row: Candidate, standing: Mapping[tuple[str, str], _Standing], now: datetime) -> str | None:
    if row.outcome == "planned" and row.reason is None:
        return None
    if row.outcome not in RETRYABLE or row.channel not in CHANNELS or not CHANNELS[row.channel].slow:
        return "not_retryable"
    if not row.active:
        return "unknown_user" if row.active is None else "inactive"
    if row.expires_at is not None and row.expires_at <= now:
        return "expired"
    if row.kind in CARRIERS:
        return None
    found = standing.get((row.kind, row.entity_id))
    if found is None or row.written is None:
        return "superseded"
    return obstacle(found.kind, found.plan, found.scene, row.step_key, row.user_id, row.told_at, now)
