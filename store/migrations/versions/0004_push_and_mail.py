"""What becomes of deliveries after they were sent, who wants no mail, and which key a browser was subscribed with"""

import sqlalchemy as sa
from alembic import op

from store.columns import Instant, Json, Key

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("type", "priority"):
        op.add_column("deliveries", sa.Column(name, Key))
    op.add_column("deliveries", sa.Column("detail", sa.String()))
    for name in ("created_at", "sent_at", "delivered_at", "opened_at", "clicked_at", "retried_at"):
        op.add_column("deliveries", sa.Column(name, Instant()))
    for columns in (["tenant", "created_at", "id"], ["tenant", "user_id", "channel", "created_at"]):
        op.create_index(f"ix_deliveries_{'_'.join(columns)}", "deliveries", columns)
    untaken = sa.text("outcome = 'planned' AND due_at IS NOT NULL")
    op.create_index("ix_deliveries_untaken", "deliveries", ["due_at"], sqlite_where=untaken, postgresql_where=untaken)
    op.add_column("push_subscriptions", sa.Column("vapid_key", sa.String()))
    op.create_table(
        "suppressions",
        sa.Column("tenant", Key, nullable=False),
        sa.Column("subject", Key, nullable=False),
        sa.Column("scope", Key, nullable=False),
        sa.Column("reason", Key, nullable=False),
        sa.Column("detail", sa.String()),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "subject", "scope", name="pk_suppressions"),
    )
    op.create_table(
        "idempotency",
        sa.Column("tenant", Key, nullable=False),
        sa.Column("key", Key, nullable=False),
        sa.Column("request", Key, nullable=False),
        sa.Column("kept", Json, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "key", name="pk_idempotency"),
    )
