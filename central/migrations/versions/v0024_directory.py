"""People of the city's directory: who a user is there, and users without a password.

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op
from argon2 import PasswordHasher

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "directory_links",
        sa.Column("user_id", sa.String(36), sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("issuer", sa.String(300), nullable=True),
        sa.Column("subject", sa.String(255), nullable=True),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=True),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_directory_links_issuer_subject")),
    )
    with op.batch_alter_table("users") as table:
        table.alter_column("password_hash", existing_type=sa.String(300), nullable=True)


def downgrade() -> None:
    """Take it back: who has no password gets one that nobody knows."""
    unknown = sa.text("UPDATE users SET password_hash = :hash WHERE password_hash IS NULL")
    op.execute(unknown.bindparams(hash=PasswordHasher().hash(secrets.token_hex(16))))
    with op.batch_alter_table("users") as table:
        table.alter_column("password_hash", existing_type=sa.String(300), nullable=False)
    op.drop_table("directory_links")
