"""Alembic's environment: runs the revisions on the connection that ``warehouse.migrate`` hands over."""

from __future__ import annotations

from alembic import context

from warehouse.migrate import VERSION_TABLE
from warehouse.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    # Each revision whole or not at all.
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
