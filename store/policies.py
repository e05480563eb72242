"""Policies by tenant and kind, every version of them; where none is stored, the kind's default is version 0."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select, update

from punctual.policy import Policy
from punctual.registry import KINDS
from store.engine import Connection, insert, lock
from store.tables import entities, policies


@dataclass(frozen=True)
class Versioned:
    version: int
    policy: Policy


async def current(db: Connection, tenant: str, kind: str) -> Versioned:
    """What entities follow that begin now."""
    query = select(policies.c.version, policies.c.body).where(policies.c.tenant == tenant, policies.c.kind == kind)
    row = (await db.execute(query.order_by(policies.c.version.desc()).limit(1))).one_or_none()
    if row is None:
        return Versioned(0, KINDS[kind].default_policy)
    return Versioned(row.version, Policy.model_validate(row.body))


async def of_version(db: Connection, tenant: str, kind: str, version: int) -> Policy:
    """What was current once; what is unknown is the default."""
    mine = and_(policies.c.tenant == tenant, policies.c.kind == kind, policies.c.version == version)
    body = await db.scalar(select(policies.c.body).where(mine))
    return KINDS[kind].default_policy if body is None else Policy.model_validate(body)


async def put(db: Connection, tenant: str, kind: str, policy: Policy, at: datetime) -> int:
    """Makes a policy the current one; its version."""
    await lock(db, f"policy {tenant} {kind}")
    newest = (
        select(func.coalesce(func.max(policies.c.version), 0) + 1)
        .where(policies.c.tenant == tenant, policies.c.kind == kind)
        .scalar_subquery()
    )
    statement = insert(db, policies).values(
        tenant=tenant, kind=kind, version=newest, body=policy.model_dump(mode="json"), created_at=at
    )
    return int(await db.scalar(statement.returning(policies.c.version)))


async def follow(db: Connection, tenant: str, kind: str, version: int) -> None:
    """Makes every entity of the kind that has not ended follow this version."""
    theirs = and_(entities.c.tenant == tenant, entities.c.kind == kind, entities.c.state != "closed")
    await db.execute(update(entities).where(theirs).values(policy_version=version))
