"""Preferences, what waits, search, and what time changes; the words of old rows are store.backfill's"""

import sqlalchemy as sa
from alembic import op

from store.columns import Instant, Json, Key, Words

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "preferences",
        sa.Column("tenant", Key, nullable=False),
        sa.Column("user_id", Key, nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("digest_at", Instant()),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "user_id", name="pk_preferences"),
    )
    columns = ["digest_at", "tenant", "user_id"]
    op.create_index("ix_preferences_digest_at_tenant_user_id", "preferences", columns)

    op.add_column("deliveries", sa.Column("due_at", Instant()))
    op.add_column("deliveries", sa.Column("carried_by", Key))
    _index("deferred", "deliveries", ["tenant", "user_id", "due_at"], "outcome = 'deferred'")
    _index("carried", "deliveries", ["tenant", "carried_by"], "carried_by IS NOT NULL")
    columns = ["tenant", "entity_id", "step_key", "channel"]
    _index("digests", "deliveries", columns, "kind = 'digest' AND outcome = 'planned'")

    op.add_column("notifications", sa.Column("words", Words))
    listed = "listed = 1" if op.get_bind().dialect.name == "sqlite" else "listed"
    _index("expiring", "notifications", ["expires_at"], f"{listed} AND expires_at IS NOT NULL")
    _index("snoozed", "notifications", ["snoozed_until"], "snoozed_until IS NOT NULL")
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE IF NOT EXISTS notification_words"
            " USING fts5(words, id UNINDEXED, detail=none, tokenize='ascii')"
        )


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(
        f"ix_{table}_{name}", table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )
