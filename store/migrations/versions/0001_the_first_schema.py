"""The first schema"""

import sqlalchemy as sa
from alembic import op

from store.columns import Instant, Json, Key

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assignments",
        sa.Column("tenant", Key, nullable=False),
        sa.Column("user_id", Key, nullable=False),
        sa.Column("kind", Key, nullable=False),
        sa.Column("entity_id", Key, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", "entity_id", "user_id", name="pk_assignments"),
    )
    op.create_index(
        "ix_assignments_tenant_user_id_kind_entity_id", "assignments", ["tenant", "user_id", "kind", "entity_id"]
    )

    op.create_table(
        "deliveries",
        sa.Column("tenant", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("user_id", Key, nullable=False),
        sa.Column("channel", Key, nullable=False),
        sa.Column("kind", Key, nullable=False),
        sa.Column("entity_id", Key, nullable=False),
        sa.Column("step_key", Key, nullable=False),
        sa.Column("notification_id", Key, nullable=True),
        sa.Column("outcome", Key, nullable=False),
        sa.Column("reason", Key, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("progress", Json, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_deliveries"),
        sa.UniqueConstraint(
            "tenant",
            "kind",
            "entity_id",
            "step_key",
            "channel",
            "user_id",
            name="uq_deliveries_tenant_kind_entity_id_step_key_channel_user_id",
        ),
    )
    op.create_table(
        "entities",
        sa.Column("tenant", Key, nullable=False),
        sa.Column("kind", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("record", Json, nullable=False),
        sa.Column("state", Key, nullable=False),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("next_step_at", Instant(), nullable=True),
        sa.Column("acknowledged_by", Key, nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", "id", name="pk_entities"),
    )
    op.create_index("ix_entities_tenant_kind_state_id", "entities", ["tenant", "kind", "state", "id"])

    op.create_table(
        "inboxes",
        sa.Column("tenant", Key, nullable=False),
        sa.Column("user_id", Key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "user_id", name="pk_inboxes"),
    )
    op.create_table(
        "notifications",
        sa.Column("tenant", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("user_id", Key, nullable=False),
        sa.Column("kind", Key, nullable=False),
        sa.Column("entity_id", Key, nullable=False),
        sa.Column("step_key", Key, nullable=False),
        sa.Column("type", Key, nullable=False),
        sa.Column("category", Key, nullable=False),
        sa.Column("priority", Key, nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("action_url", sa.String(), nullable=True),
        sa.Column("action_text", sa.String(), nullable=True),
        sa.Column("actions", Json, nullable=False),
        sa.Column("metadata", Json, nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("read_at", Instant(), nullable=True),
        sa.Column("archived_at", Instant(), nullable=True),
        sa.Column("snoozed_until", Instant(), nullable=True),
        sa.Column("acknowledged_at", Instant(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_notifications"),
        sa.UniqueConstraint(
            "tenant",
            "kind",
            "entity_id",
            "step_key",
            "user_id",
            name="uq_notifications_tenant_kind_entity_id_step_key_user_id",
        ),
    )
    op.create_index(
        "ix_notifications_tenant_user_id_created_at_id", "notifications", ["tenant", "user_id", "created_at", "id"]
    )
    op.create_index(
        "ix_notifications_unread",
        "notifications",
        ["tenant", "user_id", "created_at", "id"],
        sqlite_where=sa.text("listed = 1 AND read_at IS NULL AND archived_at IS NULL AND snoozed_until IS NULL"),
        postgresql_where=sa.text("listed AND read_at IS NULL AND archived_at IS NULL AND snoozed_until IS NULL"),
    )

    op.create_table(
        "policies",
        sa.Column("tenant", Key, nullable=False),
        sa.Column("kind", Key, nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", name="pk_policies"),
    )
    op.create_table(
        "push_subscriptions",
        sa.Column("tenant", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("user_id", Key, nullable=False),
        sa.Column("endpoint_mac", Key, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_push_subscriptions"),
        sa.UniqueConstraint("tenant", "endpoint_mac", name="uq_push_subscriptions_tenant_endpoint_mac"),
    )
    op.create_index("ix_push_subscriptions_tenant_user_id", "push_subscriptions", ["tenant", "user_id"])

    op.create_table(
        "steps",
        sa.Column("tenant", Key, nullable=False),
        sa.Column("kind", Key, nullable=False),
        sa.Column("entity_id", Key, nullable=False),
        sa.Column("key", Key, nullable=False),
        sa.Column("type", Key, nullable=False),
        sa.Column("stage", Key, nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("announces", Instant(), nullable=True),
        sa.Column("outcome", Key, nullable=False),
        sa.Column("reason", Key, nullable=True),
        sa.Column("detail", sa.String(), nullable=True),
        sa.Column("at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "kind", "entity_id", "key", name="pk_steps"),
    )
    op.create_table(
        "users",
        sa.Column("tenant", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("roles", Json, nullable=False),
        sa.Column("teams", Json, nullable=False),
        sa.Column("manager_id", Key, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("metadata", Json, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_users"),
    )
    op.create_index("ix_users_tenant_manager_id", "users", ["tenant", "manager_id"])
