"""An index over the tickets that had gone out when they were voided: for what a unit is told was taken back.

Revision ID: 0038
Revises: 0037
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_GONE = sa.text("dispatched_at IS NOT NULL AND coalesce(state, '') = 'voided'")


def upgrade() -> None:
    """Apply."""
    op.create_index(
        "ix_tickets_gone", "tickets", ["unit_id", "id"], sqlite_where=_GONE, postgresql_where=_GONE
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_tickets_gone", "tickets")
