"""A camera tells whether it looks where its zones were drawn.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the view; what is known of a camera so far is that it looked."""
    with op.batch_alter_table("cameras") as cameras:
        cameras.add_column(sa.Column("view", sa.String(10), nullable=False, server_default="steady"))


def downgrade() -> None:
    """Take it away."""
    with op.batch_alter_table("cameras") as cameras:
        cameras.drop_column("view")
