"""A box's token as the broker's password file holds it.

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Boxes that were registered before have none until they get a new token."""
    op.add_column("edges", sa.Column("broker_hash", sa.String(200)))


def downgrade() -> None:
    """Take it away."""
    with op.batch_alter_table("edges") as edges:
        edges.drop_column("broker_hash")
