"""What was sent under the number of a report, as a hash: another report under the same is told from it.

Revision ID: 0029
Revises: 0028
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("reports", sa.Column("said_hash", sa.String(64), nullable=True))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("reports", "said_hash")
