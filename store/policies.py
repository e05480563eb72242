"""Policies by tenant and kind; where none is stored, the kind's default holds."""

from datetime import datetime

from sqlalchemy import select

from punctual.policy import Policy
from punctual.registry import KINDS
from store.engine import Connection, insert
from store.tables import policies


async def get(db: Connection, tenant: str, kind: str) -> Policy:
    query = select(policies.c.body).where(policies.c.tenant == tenant, policies.c.kind == kind)
    body = await db.scalar(query)
    return KINDS[kind].default_policy if body is None else Policy.model_validate(body)


async def put(db: Connection, tenant: str, kind: str, policy: Policy, at: datetime) -> None:
    values = {"body": policy.model_dump(mode="json"), "updated_at": at}
    statement = insert(db, policies).values(tenant=tenant, kind=kind, **values)
    await db.execute(statement.on_conflict_do_update(index_elements=["tenant", "kind"], set_=values))
