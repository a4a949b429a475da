"""Duty lists with periods, powers and rulings; areas with periods; joint operations; one lead a case.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ONE_LEAD = "leads AND state <> 'voided'"


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("duty_lists") as lists:
        lists.add_column(sa.Column("name", sa.String(100), nullable=True))
        lists.add_column(sa.Column("source", sa.String(1000), nullable=True))
        lists.add_column(sa.Column("imported_at", _AT, nullable=True))
        lists.add_column(sa.Column("valid_until", _AT, nullable=True))
        lists.add_column(sa.Column("powers", sa.JSON(), nullable=False, server_default="{}"))
        lists.add_column(sa.Column("classes", sa.JSON(), nullable=False, server_default="{}"))
    op.execute("UPDATE duty_lists SET imported_at = in_force_since")
    with op.batch_alter_table("duty_lists") as lists:
        lists.alter_column("imported_at", existing_type=_AT, nullable=False)
    with op.batch_alter_table("duty_entries") as entries:
        entries.drop_constraint(op.f("uq_duty_entries_list_id_kind_area_id"), type_="unique")
        entries.alter_column("list_id", existing_type=_KEY, nullable=True)
        entries.alter_column("kind", existing_type=sa.String(40), nullable=True)
        entries.add_column(sa.Column("item_id", sa.String(63), nullable=True))
        for name, kind in (
            ("class_id", sa.String(63)),
            ("power", sa.String(63)),
            ("basis_from", _AT),
            ("basis_until", _AT),
            ("valid_from", _AT),
            ("valid_until", _AT),
            ("ruling", sa.String(20)),
        ):
            entries.add_column(sa.Column(name, kind, nullable=True))
    op.execute("UPDATE duty_entries SET item_id = kind")
    with op.batch_alter_table("duty_entries") as entries:
        entries.alter_column("item_id", existing_type=sa.String(63), nullable=False)
    for name in ("valid_from", "valid_until"):
        op.add_column("areas", sa.Column(name, _AT, nullable=True))
    op.create_index(
        "uq_tickets_one_lead",
        "tickets",
        ["case_id"],
        unique=True,
        sqlite_where=sa.text(_ONE_LEAD),
        postgresql_where=sa.text(_ONE_LEAD),
    )
    op.create_table(
        "joint_operations",
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("band_m", sa.Double(), nullable=False),
        sa.Column("window_from", _AT, nullable=False),
        sa.Column("window_until", _AT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_joint_operations_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_joint_operations")),
    )
    op.create_table(
        "rulings",
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("request_id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("ticket_id", sa.String(36), nullable=False),
        sa.Column("new_ticket_id", sa.String(36), nullable=True),
        sa.Column("entry_id", _KEY, nullable=True),
        sa.Column("upheld", sa.Boolean(), nullable=False),
        sa.Column("item_id", sa.String(63), nullable=False),
        sa.Column("item", sa.String(200), nullable=False),
        sa.Column("area_id", sa.String(63), nullable=True),
        sa.Column("area_name", sa.String(200), nullable=True),
        sa.Column("disputed_by", sa.String(63), nullable=False),
        sa.Column("unit_id", sa.String(63), nullable=False),
        sa.Column("unit_name", sa.String(200), nullable=False),
        sa.Column("clause", sa.String(500), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("ruled_by", sa.String(150), nullable=False),
        sa.Column("ruled_at", _AT, nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["ticket_requests.id"], name=op.f("fk_rulings_request_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_rulings_case_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_rulings_ticket_id")),
        sa.ForeignKeyConstraint(["new_ticket_id"], ["tickets.id"], name=op.f("fk_rulings_new_ticket_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["duty_entries.id"], name=op.f("fk_rulings_entry_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_rulings")),
        sa.UniqueConstraint("request_id", name=op.f("uq_rulings_request_id")),
    )
    op.create_index(op.f("ix_rulings_case_id"), "rulings", ["case_id"])
    op.create_index(op.f("ix_rulings_ruled_at"), "rulings", ["ruled_at"])


def downgrade() -> None:
    """Take it back. Entries that rulings made, and items that no camera raises, are lost."""
    op.drop_table("rulings")
    op.drop_table("joint_operations")
    op.drop_index("uq_tickets_one_lead", "tickets")
    for name in ("valid_from", "valid_until"):
        op.drop_column("areas", name)
    with op.batch_alter_table("duty_entries") as entries:
        for name in ("item_id", "class_id", "power", "basis_from", "basis_until", "valid_from"):
            entries.drop_column(name)
        entries.drop_column("valid_until")
        entries.drop_column("ruling")
    with op.batch_alter_table("duty_lists") as lists:
        for name in ("name", "source", "imported_at", "valid_until", "powers", "classes"):
            lists.drop_column(name)
