"""The tables. Every key begins with the tenant, so no statement can meet another tenant's rows by accident."""

from sqlalchemy import (
    DDL,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    event,
    text,
)
from sqlalchemy import UniqueConstraint as Unique

from store.columns import Instant, Json, Key, Words

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _required(name: str, type_: object = Key) -> Column:  # type: ignore[type-arg]
    return Column(name, type_, nullable=False)  # type: ignore[arg-type]


users = Table(
    "users",
    metadata,
    _required("tenant"),
    _required("id"),
    _required("name", String()),
    Column("email", String()),
    Column("phone", String()),
    _required("timezone", String()),
    _required("locale", String()),
    _required("roles", Json),
    _required("teams", Json),
    Column("manager_id", Key),
    _required("active", Boolean()),
    _required("metadata", Json),
    PrimaryKeyConstraint("tenant", "id"),
    Index(None, "tenant", "manager_id"),
)

# Who is in which group: `role:admin`, `team:north`. What users' own lists say, ready to be asked the other way round.
memberships = Table(
    "memberships",
    metadata,
    _required("tenant"),
    _required("name"),
    _required("user_id"),
    PrimaryKeyConstraint("tenant", "name", "user_id"),
    Index(None, "tenant", "user_id"),
)

# An entity as its events made it. `record` is punctual.lifecycle.Record: the watermark that outlives every workflow.
# `care` is punctual.escalation.Care; `policy_version` is the policy it follows, 0 being the default.
entities = Table(
    "entities",
    metadata,
    _required("tenant"),
    _required("kind"),
    _required("id"),
    _required("record", Json),
    Column("care", Json, nullable=False, server_default="{}"),
    Column("policy_version", Integer(), nullable=False, server_default="0"),
    _required("state"),
    Column("due_at", Instant()),
    Column("next_step_at", Instant()),
    Column("acknowledged_by", Key),
    _required("updated_at", Instant()),
    PrimaryKeyConstraint("tenant", "kind", "id"),
    Index(None, "tenant", "kind", "state", "id"),
)

# Who is responsible for an entity: what "assigned to me" is read from.
assignments = Table(
    "assignments",
    metadata,
    _required("tenant"),
    _required("user_id"),
    _required("kind"),
    _required("entity_id"),
    PrimaryKeyConstraint("tenant", "kind", "entity_id", "user_id"),
    Index(None, "tenant", "user_id", "kind", "entity_id"),
)

# Each thing told or to be told about an entity; an event's notice doubles as the proof that the event was seen.
steps = Table(
    "steps",
    metadata,
    _required("tenant"),
    _required("kind"),
    _required("entity_id"),
    _required("key"),
    _required("type"),
    _required("stage"),
    _required("due_at", Instant()),
    Column("announces", Instant()),
    Column("deadline", Instant()),
    Column("to", Key),
    _required("outcome"),
    Column("reason", Key),
    Column("detail", String()),
    Column("at", Instant()),
    Column("data", Json, nullable=False, server_default="{}"),
    PrimaryKeyConstraint("tenant", "kind", "entity_id", "key"),
)

# What was written for one person, once; all channels and retries use these words. `listed`: it is in the inbox.
notifications = Table(
    "notifications",
    metadata,
    _required("tenant"),
    _required("id"),
    _required("user_id"),
    _required("kind"),
    _required("entity_id"),
    _required("step_key"),
    _required("type"),
    _required("category"),
    _required("priority"),
    _required("title", String()),
    _required("message", String()),
    Column("action_url", String()),
    Column("action_text", String()),
    _required("actions", Json),
    _required("metadata", Json),
    _required("listed", Boolean()),
    _required("created_at", Instant()),
    Column("read_at", Instant()),
    Column("archived_at", Instant()),
    Column("snoozed_until", Instant()),
    Column("acknowledged_at", Instant()),
    Column("expires_at", Instant()),
    Column("words", Words),
    PrimaryKeyConstraint("tenant", "id"),
    Unique("tenant", "kind", "entity_id", "step_key", "user_id"),
    Index(None, "tenant", "user_id", "created_at", "id"),
    Index(
        "ix_notifications_unread",
        "tenant",
        "user_id",
        "created_at",
        "id",
        sqlite_where=text("listed = 1 AND read_at IS NULL AND archived_at IS NULL AND snoozed_until IS NULL"),
        postgresql_where=text("listed AND read_at IS NULL AND archived_at IS NULL AND snoozed_until IS NULL"),
    ),
    # What time will change, whoever's it is.
    Index(
        "ix_notifications_expiring",
        "expires_at",
        sqlite_where=text("listed = 1 AND expires_at IS NOT NULL"),
        postgresql_where=text("listed AND expires_at IS NOT NULL"),
    ),
    Index(
        "ix_notifications_snoozed",
        "snoozed_until",
        sqlite_where=text("snoozed_until IS NOT NULL"),
        postgresql_where=text("snoozed_until IS NOT NULL"),
    ),
)

# SQLite's own full-text index over what people search for; PostgreSQL has it in `notifications.words`.
for _moment, _statement in (
    (
        "after_create",
        "CREATE VIRTUAL TABLE IF NOT EXISTS notification_words"
        " USING fts5(words, id UNINDEXED, detail=none, tokenize='ascii')",
    ),
    ("before_drop", "DROP TABLE IF EXISTS notification_words"),
):
    event.listen(metadata, _moment, DDL(_statement).execute_if(dialect="sqlite"))  # type: ignore[no-untyped-call]

# One number per inbox that grows with every change: the ETag, and what live frames carry.
inboxes = Table(
    "inboxes",
    metadata,
    _required("tenant"),
    _required("user_id"),
    _required("version", Integer()),
    PrimaryKeyConstraint("tenant", "user_id"),
)

# The ledger. A row is `planned` until its channel answers; while `lease_until` is set, somebody is asking.
# One that is `deferred` waits until `due_at`; then the row `carried_by` brings it, alone or among others.
# What its channel, a provider or a device said of it later is in `sent_at` to `clicked_at`, each once.
deliveries = Table(
    "deliveries",
    metadata,
    _required("tenant"),
    _required("id"),
    _required("user_id"),
    _required("channel"),
    _required("kind"),
    _required("entity_id"),
    _required("step_key"),
    Column("notification_id", Key),
    _required("outcome"),
    Column("reason", Key),
    _required("attempts", Integer()),
    Column("lease_until", Instant()),
    _required("progress", Json),
    _required("at", Instant()),
    Column("due_at", Instant()),
    Column("carried_by", Key),
    Column("type", Key),
    Column("priority", Key),
    Column("detail", String()),
    Column("created_at", Instant()),
    Column("sent_at", Instant()),
    Column("delivered_at", Instant()),
    Column("opened_at", Instant()),
    Column("clicked_at", Instant()),
    Column("retried_at", Instant()),
    PrimaryKeyConstraint("tenant", "id"),
    Unique("tenant", "kind", "entity_id", "step_key", "channel", "user_id"),
    # Reports: what was to be told in a span of time, of a tenant, or to one person by one channel.
    Index(None, "tenant", "created_at", "id"),
    Index(None, "tenant", "user_id", "channel", "created_at"),
    Index(
        "ix_deliveries_deferred",
        "tenant",
        "user_id",
        "due_at",
        sqlite_where=text("outcome = 'deferred'"),
        postgresql_where=text("outcome = 'deferred'"),
    ),
    Index(
        "ix_deliveries_carried",
        "tenant",
        "carried_by",
        sqlite_where=text("carried_by IS NOT NULL"),
        postgresql_where=text("carried_by IS NOT NULL"),
    ),
    # What is to be sent again, and nobody has begun to send.
    Index(
        "ix_deliveries_untaken",
        "due_at",
        sqlite_where=text("outcome = 'planned' AND due_at IS NOT NULL"),
        postgresql_where=text("outcome = 'planned' AND due_at IS NOT NULL"),
    ),
    # Digests that are still to be sent, whoever's they are.
    Index(
        "ix_deliveries_digests",
        "tenant",
        "entity_id",
        "step_key",
        "channel",
        sqlite_where=text("kind = 'digest' AND outcome = 'planned'"),
        postgresql_where=text("kind = 'digest' AND outcome = 'planned'"),
    ),
)

# What people have chosen: punctual.preferences.Preferences, and when their next digest is due.
preferences = Table(
    "preferences",
    metadata,
    _required("tenant"),
    _required("user_id"),
    _required("body", Json),
    Column("digest_at", Instant()),
    _required("updated_at", Instant()),
    PrimaryKeyConstraint("tenant", "user_id"),
    Index(None, "digest_at", "tenant", "user_id"),
)

# Every policy a tenant ever set: an entity goes on under its own until it is told to follow another.
policies = Table(
    "policy_versions",
    metadata,
    _required("tenant"),
    _required("kind"),
    _required("version", Integer()),
    _required("body", Json),
    _required("created_at", Instant()),
    PrimaryKeyConstraint("tenant", "kind", "version"),
)

# What 0001 kept policies in. Nothing reads it any more; it goes in the next release.
old_policies = Table(
    "policies",
    metadata,
    _required("tenant"),
    _required("kind"),
    _required("body", Json),
    _required("updated_at", Instant()),
    PrimaryKeyConstraint("tenant", "kind"),
)

# Which of several single events with one `dedupe_key` is told: the first that came.
dedupes = Table(
    "dedupes",
    metadata,
    _required("tenant"),
    _required("type"),
    _required("key", String()),
    _required("entity_id"),
    PrimaryKeyConstraint("tenant", "type", "key"),
)

# The endpoint is a secret: found by its MAC, kept sealed. `vapid_key` tells which of our keys it was made for.
push_subscriptions = Table(
    "push_subscriptions",
    metadata,
    _required("tenant"),
    _required("id"),
    _required("user_id"),
    _required("endpoint_mac"),
    _required("sealed", LargeBinary()),
    _required("device", String()),
    _required("created_at", Instant()),
    Column("used_at", Instant()),
    Column("vapid_key", String()),
    PrimaryKeyConstraint("tenant", "id"),
    Unique("tenant", "endpoint_mac"),
    Index(None, "tenant", "user_id"),
)

# What nobody gets any more by mail: a person (`user:ID`) that unsubscribed from a category or a type (`scope`), or an
# address (`address:MAC`, scope empty) that mails came back from.
suppressions = Table(
    "suppressions",
    metadata,
    _required("tenant"),
    _required("subject"),
    _required("scope"),
    _required("reason"),
    Column("detail", String()),
    _required("at", Instant()),
    PrimaryKeyConstraint("tenant", "subject", "scope"),
)

# What was answered to a request with an `Idempotency-Key`; `request` is a digest of what it asked for.
idempotency = Table(
    "idempotency",
    metadata,
    _required("tenant"),
    _required("key"),
    _required("request"),
    _required("kept", Json),
    _required("at", Instant()),
    PrimaryKeyConstraint("tenant", "key"),
)
