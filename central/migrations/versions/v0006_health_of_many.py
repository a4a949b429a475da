"""What grows with every health report stands in one value a box, not in a row a camera.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_COUNTERS = ("looks", "skipped", "corrupt", "reconnects")


def upgrade() -> None:
    """Move it; the next report, 15 s later, fills it."""
    with op.batch_alter_table("edges") as edges:
        edges.add_column(sa.Column("counters", sa.JSON(), nullable=False, server_default="{}"))
        edges.add_column(sa.Column("camera_count", sa.Integer(), nullable=False, server_default="0"))
        edges.add_column(sa.Column("unwell_count", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("cameras") as cameras:
        for name in (*_COUNTERS, "last_picture_at"):
            cameras.drop_column(name)


def downgrade() -> None:
    """Move it back."""
    with op.batch_alter_table("cameras") as cameras:
        for name in _COUNTERS:
            cameras.add_column(sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
        cameras.add_column(sa.Column("last_picture_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("edges") as edges:
        for name in ("unwell_count", "camera_count", "counters"):
            edges.drop_column(name)
