"""Alembic's entry: migrations run on the connection that `store.migrate` hands over."""

from alembic import context
from sqlalchemy import text

from store.tables import metadata

connection = context.config.attributes["connection"]
if connection is None:
    raise SystemExit("run migrations with `punctual migrate`")
if connection.dialect.name == "postgresql":
    # A migration waits briefly for its locks, rather than making all others wait behind it; one runs at a time.
    connection.execute(text("SET LOCAL lock_timeout = '5s'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(7283648261)"))
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=True)
context.run_migrations()
