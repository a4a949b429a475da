"""Place codes, the keys of apps that report by Open311, and photos with which units prove their work.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "place_codes",
        sa.Column("number", _KEY, nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("road", sa.String(300), nullable=True),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("area_name", sa.String(200), nullable=True),
        sa.Column("kind", sa.String(40), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("made_at", _AT, nullable=False),
        sa.Column("made_by", sa.String(150), nullable=False),
        sa.Column("revoked_at", _AT, nullable=True),
        sa.Column("revoked_by", sa.String(150), nullable=True),
        sa.Column("revoke_reason", sa.Text(), nullable=True),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("reported_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_place_codes")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_place_codes_lon_lat", "place_codes", ["lon", "lat"])
    op.create_table(
        "open311_keys",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("app", sa.String(63), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("made_at", _AT, nullable=False),
        sa.Column("revoked_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_open311_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_open311_keys_key_hash")),
    )
    op.create_table(
        "ticket_photos",
        sa.Column("upload_id", sa.String(36), nullable=False),
        sa.Column("ticket_id", sa.String(36), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("sent_by", sa.String(150), nullable=False),
        sa.Column("sent_at", _AT, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_photos_ticket_id")),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.id"], name=op.f("fk_ticket_photos_upload_id")),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("pk_ticket_photos")),
        sa.UniqueConstraint("ticket_id", "sha256", name=op.f("uq_ticket_photos_ticket_id_sha256")),
    )
    op.create_index("ix_reports_channel_received_at", "reports", ["channel", "received_at"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_reports_channel_received_at", "reports")
    op.drop_table("ticket_photos")
    op.drop_table("open311_keys")
    op.drop_table("place_codes")
