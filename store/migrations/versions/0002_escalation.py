"""Escalation, groups, versions of policies, single events"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from store.columns import Instant, Json, Key

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entities", sa.Column("care", Json, nullable=False, server_default="{}"))
    op.add_column("entities", sa.Column("policy_version", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("steps", sa.Column("deadline", Instant()))
    op.add_column("steps", sa.Column("to", Key))
    op.add_column("steps", sa.Column("data", Json, nullable=False, server_default="{}"))

    memberships = op.create_table(
        "memberships",
        sa.Column("tenant", Key, nullable=False),
        sa.Column("name", Key, nullable=False),
        sa.Column("user_id", Key, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", "user_id", name="pk_memberships"),
    )
    op.create_index("ix_memberships_tenant_user_id", "memberships", ["tenant", "user_id"])

    policies = op.create_table(
        "policy_versions",
        sa.Column("tenant", Key, nullable=False),
        sa.Column("kind", Key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", "version", name="pk_policy_versions"),
    )
    op.create_table(
        "dedupes",
        sa.Column("tenant", Key, nullable=False),
        sa.Column("type", Key, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("entity_id", Key, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "type", "key", name="pk_dedupes"),
    )
    _carry_over(memberships, policies)


def _carry_over(memberships: sa.Table, policies: sa.Table) -> None:
    """The groups that users name, and each tenant's policies as their first versions."""
    db = op.get_bind()
    members: list[dict[str, Any]] = []
    for row in db.execute(sa.text("SELECT tenant, id, roles, teams FROM users")):
        names = {f"role:{name}" for name in _json(row.roles)} | {f"team:{name}" for name in _json(row.teams)}
        members += [{"tenant": row.tenant, "user_id": row.id, "name": name} for name in sorted(names)]
    if members:
        op.bulk_insert(memberships, members)
    old = sa.table("policies", *(sa.column(n) for n in ("tenant", "kind")), sa.column("body", Json),
                   sa.column("updated_at", Instant()))  # fmt: skip
    rows = [
        {"tenant": row.tenant, "kind": row.kind, "version": 1, "body": row.body, "created_at": row.updated_at}
        for row in db.execute(sa.select(old))
    ]
    if rows:
        op.bulk_insert(policies, rows)
        db.execute(
            sa.text(
                "UPDATE entities SET policy_version = 1 WHERE EXISTS (SELECT 1 FROM policies"
                " WHERE policies.tenant = entities.tenant AND policies.kind = entities.kind)"
            )
        )


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
