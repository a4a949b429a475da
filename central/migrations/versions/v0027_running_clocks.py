"""Tickets whose clock runs, in the order of the list of cases: what is overdue beneath many newer cases.

Revision ID: 0027
Revises: 0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_RUNS = sa.text("leads AND suspended_until IS NULL AND state IN ('accepted', 'dispatched', 'handling')")


def upgrade() -> None:
    """Apply."""
    op.create_index(
        "ix_tickets_running", "tickets", ["case_id", "due_at"], sqlite_where=_RUNS, postgresql_where=_RUNS
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_tickets_running", "tickets")
