"""What insight reckons of days that are over, kept for all copies of central and over a restart.

Revision ID: 0031
Revises: 0030
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "insight_reckonings",
        sa.Column("look", sa.String(200), nullable=False),
        sa.Column("begun_at", _AT, nullable=False),
        sa.Column("done_at", _AT, nullable=True),
        sa.Column("today", sa.Date(), nullable=True),
        sa.Column("cpu_s", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("look", name=op.f("pk_insight_reckonings")),
    )
    op.create_table(
        "insight_findings",
        sa.Column("look", sa.String(200), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("look", "name", name=op.f("pk_insight_findings")),
        sa.ForeignKeyConstraint(
            ["look"],
            ["insight_reckonings.look"],
            name=op.f("fk_insight_findings_look"),
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("insight_findings")
    op.drop_table("insight_reckonings")
