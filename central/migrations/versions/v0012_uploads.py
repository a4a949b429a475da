"""Uploads of people, and the jobs that look through their clips.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

_AT = sa.DateTime(timezone=True)

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("reports") as table:
        table.alter_column("lon", existing_type=sa.Double(), nullable=True)
        table.alter_column("lat", existing_type=sa.Double(), nullable=True)
        table.add_column(sa.Column("remarks", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("reports") as table:
        table.alter_column("remarks", existing_type=sa.JSON(), server_default=None)
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.String(36), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("due_at", _AT, nullable=False),
        sa.Column("holder", sa.String(36), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("started_at", _AT, nullable=True),
        sa.Column("finished_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("kind", "subject_id", name=op.f("uq_jobs_kind_subject_id")),
    )
    op.create_index("ix_jobs_state_due_at", "jobs", ["state", "due_at"])
    op.create_table(
        "uploads",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("sender_key", sa.String(64), nullable=False),
        sa.Column("report_id", sa.String(36), nullable=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(40), nullable=True),
        sa.Column("length_bytes", sa.BigInteger(), nullable=False),
        sa.Column("content_type", sa.String(50), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("expires_at", _AT, nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_uploads_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_uploads_key_hash")),
    )
    op.create_index("ix_uploads_report_id", "uploads", ["report_id"])
    op.create_index("ix_uploads_sender_key_created_at", "uploads", ["sender_key", "created_at"])
    op.create_index("ix_uploads_state_expires_at", "uploads", ["state", "expires_at"])
    op.create_table(
        "upload_files",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("report_id", sa.String(36), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("phash", sa.String(16), nullable=True),
        sa.Column("content_type", sa.String(50), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_upload_files_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_files")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_upload_files_report_id", "upload_files", ["report_id"])
    op.create_index("ix_upload_files_sha256", "upload_files", ["sha256"])
    op.create_index("ix_upload_files_phash", "upload_files", ["phash"])


def downgrade() -> None:
    """Take it back; a report that has no place goes."""
    op.drop_table("upload_files")
    op.drop_table("uploads")
    op.drop_table("jobs")
    op.execute("DELETE FROM reports WHERE lon IS NULL OR lat IS NULL")
    with op.batch_alter_table("reports") as table:
        table.drop_column("remarks")
        table.alter_column("lat", existing_type=sa.Double(), nullable=False)
        table.alter_column("lon", existing_type=sa.Double(), nullable=False)
