"""Passwords that somebody else gave are changed at the first sign-in; those that are there already stay.

Revision ID: 0032
Revises: 0031
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    for table, column in (("users", "password_given"), ("sessions", "must_change")):
        op.add_column(table, sa.Column(column, sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("sessions", "must_change")
    op.drop_column("users", "password_given")
