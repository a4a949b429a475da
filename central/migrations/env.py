"""Alembic's entry: runs on the connection that central.schema hands in."""

from __future__ import annotations

import warnings

from alembic import context
from sqlalchemy.exc import SAWarning

from central import tables

# Alembic reads tables as they are, and SQLAlchemy cannot read SQLite's indexes by an expression: whoever runs
# 'central init' can do nothing about that.
warnings.filterwarnings(
    "ignore", message="Skipped unsupported reflection of expression-based index", category=SAWarning
)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
