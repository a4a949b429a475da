"""The camera checks the work: askings to look again, and their answers.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
_OPEN = "state IN ('asking', 'silent', 'answered')"


def upgrade() -> None:
    """Apply. Cases that are being checked now are left to people: no camera was asked about them."""
    op.create_table(
        "rechecks",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("lead_id", sa.String(36), nullable=False),
        sa.Column("site", sa.String(63), nullable=False),
        sa.Column("edge", sa.String(63), nullable=False),
        sa.Column("camera_id", sa.String(63), nullable=False),
        sa.Column("question", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("asked_at", _AT, nullable=False),
        sa.Column("answer_by", _AT, nullable=False),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("next_send_at", _AT, nullable=True),
        sa.Column("answered_at", _AT, nullable=True),
        sa.Column("verdict", sa.String(10), nullable=True),
        sa.Column("reason", sa.String(20), nullable=True),
        sa.Column("looked_at", _AT, nullable=True),
        sa.Column("looks", sa.Integer(), nullable=True),
        sa.Column("picture_sha256", sa.String(64), nullable=True),
        sa.Column("settled_at", _AT, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_rechecks_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rechecks")),
    )
    op.create_index(op.f("ix_rechecks_case_id"), "rechecks", ["case_id"])
    op.create_index(op.f("ix_rechecks_next_send_at"), "rechecks", ["next_send_at"])
    op.create_index("ix_rechecks_state_answer_by", "rechecks", ["state", "answer_by"])
    op.create_index(
        "uq_rechecks_open",
        "rechecks",
        ["case_id"],
        unique=True,
        sqlite_where=sa.text(_OPEN),
        postgresql_where=sa.text(_OPEN),
    )


def downgrade() -> None:
    """Take it back. What cameras answered is lost; their pictures stay evidence."""
    op.drop_table("rechecks")
