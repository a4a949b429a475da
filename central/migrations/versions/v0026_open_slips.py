"""Supervision slips that wait for an answer, by when it is due: counted with every sweep.

Revision ID: 0026
Revises: 0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_WAITS = sa.text("answered_at IS NULL")


def upgrade() -> None:
    """Apply."""
    op.create_index(
        "ix_supervision_slips_waiting",
        "supervision_slips",
        ["respond_by", "number"],
        sqlite_where=_WAITS,
        postgresql_where=_WAITS,
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_supervision_slips_waiting", "supervision_slips")
