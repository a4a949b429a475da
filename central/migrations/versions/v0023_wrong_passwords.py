"""Wrong passwords are counted by name and address, of names that exist and of others.

Revision ID: 0023
Revises: 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "sign_in_tries",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("address", sa.String(64), primary_key=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("came_in_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_index("ix_sign_in_tries_last_at", "sign_in_tries", ["last_at"])
    op.drop_column("users", "failures")
    op.drop_column("users", "locked_until")


def downgrade() -> None:
    """Take it back."""
    op.add_column("users", sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("users", sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
    op.drop_index("ix_sign_in_tries_last_at", "sign_in_tries")
    op.drop_table("sign_in_tries")
