"""What people have chosen, and when their next digest is due."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from punctual.channels import CHANNELS
from punctual.digests import next_digest
from punctual.preferences import Preferences, brings_digests, kept
from store import directory, waiting
from store.engine import Connection, insert
from store.tables import preferences

_p = preferences.c


async def of(db: Connection, tenant: str, user_ids: Collection[str]) -> dict[str, Preferences]:
    """The preferences of each user; who has chosen nothing has the defaults."""
    rows = await db.execute(
        select(_p.user_id, _p.body).where(_p.tenant == tenant, _p.user_id.in_(user_ids))
    )  # fmt: skip
    stored = {row.user_id: kept(row.body) for row in rows}
    return {id_: stored.get(id_, Preferences()) for id_ in user_ids}


@dataclass(frozen=True)
class Stored:
    """What somebody has chosen, and when their next digest is due."""

    chosen: Preferences
    digest_at: datetime | None


async def load(db: Connection, tenant: str, user_id: str) -> Stored:
    """One user's, kept from others until the transaction ends, as the user is."""
    # The order in which everybody locks: the user, what they chose, what waits for them.
    await directory.get(db, tenant, [user_id], keep=True)
    query = select(_p.body, _p.digest_at).where(_p.tenant == tenant, _p.user_id == user_id)
    row = (await db.execute(query.with_for_update())).one_or_none()
    return Stored(kept(row.body), row.digest_at) if row else Stored(Preferences(), None)


async def put(
    db: Connection, tenant: str, user_id: str, chosen: Preferences, *, digest_at: datetime | None, now: datetime
) -> None:
    """Replaces what somebody has chosen; their next digest is due at `digest_at`."""
    values = {"body": chosen.model_dump(mode="json"), "digest_at": digest_at, "updated_at": now}
    statement = insert(db, preferences).values(tenant=tenant, user_id=user_id, **values)
    await db.execute(statement.on_conflict_do_update(index_elements=["tenant", "user_id"], set_=values))


async def choose(db: Connection, tenant: str, user_id: str, chosen: Preferences, now: datetime) -> bool:
    """Replaces what somebody has chosen; whether something that waits for them is to be looked at now."""
    before = await load(db, tenant, user_id)
    # Read after the lock: whoever moves the user to another zone takes it as well.
    zone = await directory.zone(db, tenant, user_id)
    # A digest that is due right now stays due.
    is_same = before.chosen.digest == chosen.digest
    digest_at = before.digest_at if is_same else next_digest(chosen.digest, zone, now)
    await put(db, tenant, user_id, chosen, digest_at=digest_at, now=now)
    digests = any(brings_digests(chosen, channel) for channel in CHANNELS)
    return await waiting.look_again(db, tenant, user_id, now, digests=digests)


async def next_digest_at(db: Connection, tenant: str, user_id: str, moment: datetime | None) -> None:
    """When somebody's next digest is due; None: never."""
    await db.execute(update(preferences).where(_p.tenant == tenant, _p.user_id == user_id).values(digest_at=moment))


async def follow_zones(db: Connection, tenant: str, zones: Mapping[str, str], now: datetime) -> None:
    """Makes people's digests come by the clocks of these zones, by user; one that is due right now stays due."""
    query = select(_p.user_id, _p.body, _p.digest_at).where(_p.tenant == tenant, _p.user_id.in_(zones))
    for row in (await db.execute(query.order_by(_p.user_id).with_for_update())).all():
        if row.digest_at is not None and row.digest_at <= now:
            continue
        moment = next_digest(kept(row.body).digest, zones[row.user_id], now)
        if moment != row.digest_at:
            await next_digest_at(db, tenant, row.user_id, moment)
