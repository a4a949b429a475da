"""Alembic's entry: runs on the connection that central.schema hands in."""

from __future__ import annotations

from alembic import context

from central import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
