"""What people put right of a lead counts for merging; what was put right before stays with its case alone.

Revision ID: 0033
Revises: 0032
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("leads", sa.Column("corrections", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("leads", "corrections")
