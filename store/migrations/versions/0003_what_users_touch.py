"""Preferences, what waits, search, and what time changes"""

import sqlalchemy as sa
from alembic import op

from store import search
from store.columns import Instant, Json, Key, Words

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_AT_ONCE = 1000
_old = sa.table(
    "notifications",
    sa.column("tenant", Key),
    sa.column("id", Key),
    sa.column("user_id", Key),
    sa.column("title", sa.String()),
    sa.column("message", sa.String()),
    sa.column("listed", sa.Boolean()),
).c


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
    _fill_words()


def _fill_words() -> None:
    """Makes findable what is in inboxes already."""
    bind = op.get_bind()
    columns = (_old.tenant, _old.id, _old.user_id, _old.title, _old.message)
    after = ("", "")
    while True:
        query = sa.select(*columns).where(_old.listed == sa.true(), sa.tuple_(*columns[:2]) > sa.tuple_(*after))
        found = bind.execute(query.order_by(*columns[:2]).limit(_AT_ONCE)).all()
        if not found:
            return
        texts = [search.text_of(row.title, row.message) for row in found]
        if bind.dialect.name == "sqlite":
            rows = [
                search.entry(row.tenant, row.user_id, row.id, text) for row, text in zip(found, texts, strict=True)
            ]
            rows.sort(key=lambda row: row["rowid"])
            statement = "INSERT OR REPLACE INTO notification_words (rowid, words, id) VALUES (:rowid, :words, :id)"
        else:
            rows = [
                {"the_tenant": row.tenant, "the_id": row.id, "tokens": search.tokens(text)}
                for row, text in zip(found, texts, strict=True)
            ]
            statement = (
                "UPDATE notifications SET words = array_to_tsvector(CAST(:tokens AS text[]))"
                " WHERE tenant = :the_tenant AND id = :the_id"
            )
        bind.execute(sa.text(statement), rows)
        after = (found[-1].tenant, found[-1].id)


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(
        f"ix_{table}_{name}", table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )
