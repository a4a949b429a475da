"""What people report, before and beside the lead that it becomes.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

_AT = sa.DateTime(timezone=True)

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "reports",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("source", sa.String(300), nullable=False),
        sa.Column("external_id", sa.String(100), nullable=False),
        sa.Column("reporter_ref", sa.String(36), nullable=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("place_method", sa.String(30), nullable=False),
        sa.Column("accuracy_m", sa.Double(), nullable=True),
        sa.Column("road", sa.String(300), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("seen_at", _AT, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("lead_id", sa.String(36), nullable=True),
        sa.Column("follow_hash", sa.String(64), nullable=True),
        sa.Column("received_at", _AT, nullable=False),
        sa.Column("updated_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        sa.UniqueConstraint("external_id", "source", name=op.f("uq_reports_external_id_source")),
        sa.UniqueConstraint("lead_id", name=op.f("uq_reports_lead_id")),
        sa.UniqueConstraint("follow_hash", name=op.f("uq_reports_follow_hash")),
    )
    op.create_index("ix_reports_reporter_ref_id", "reports", ["reporter_ref", "id"])
    op.create_index("ix_reports_state_id", "reports", ["state", "id"])


def downgrade() -> None:
    """Take it back."""
    op.drop_table("reports")
