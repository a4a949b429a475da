"""Calendars, requests of units, supervision slips, heartbeats; what a ticket's clock says.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "calendars",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("in_force_since", _AT, nullable=False),
        sa.Column("actor", sa.String(150), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendars")),
    )
    op.create_index(op.f("ix_calendars_in_force_since"), "calendars", ["in_force_since"])
    with op.batch_alter_table("cases") as cases:
        cases.add_column(sa.Column("chain", sa.JSON(), nullable=False, server_default="[]"))
        cases.add_column(sa.Column("filed_at", _AT, nullable=True))
        cases.add_column(sa.Column("closed_at", _AT, nullable=True))
    with op.batch_alter_table("tickets") as tickets:
        tickets.add_column(sa.Column("leads", sa.Boolean(), nullable=False, server_default=sa.true()))
        for name in ("accepted_at", "handled_at", "closed_at", "suspended_until", "next_step_at"):
            tickets.add_column(sa.Column(name, _AT, nullable=True))
        tickets.add_column(sa.Column("disputed", sa.Boolean(), nullable=False, server_default=sa.false()))
        tickets.add_column(sa.Column("reworks", sa.Integer(), nullable=False, server_default="0"))
        tickets.add_column(sa.Column("next_step", sa.String(20), nullable=True))
        tickets.create_index(op.f("ix_tickets_next_step_at"), ["next_step_at"])
    op.create_table(
        "ticket_requests",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("ticket_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("asked_by", sa.String(150), nullable=False),
        sa.Column("asked_at", _AT, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("clause", sa.String(500), nullable=True),
        sa.Column("until", _AT, nullable=True),
        sa.Column("hours", sa.Double(), nullable=True),
        sa.Column("decided_by", sa.String(150), nullable=True),
        sa.Column("decided_at", _AT, nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_requests_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_requests")),
    )
    op.create_index(op.f("ix_ticket_requests_state"), "ticket_requests", ["state"])
    op.create_index(op.f("ix_ticket_requests_ticket_id"), "ticket_requests", ["ticket_id"])
    op.create_table(
        "supervision_slips",
        sa.Column("number", _KEY, nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("ticket_id", sa.String(36), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.String(63), nullable=False),
        sa.Column("unit_name", sa.String(200), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("issued_at", _AT, nullable=False),
        sa.Column("respond_by", _AT, nullable=False),
        sa.Column("answered_at", _AT, nullable=True),
        sa.Column("answered_by", sa.String(150), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_supervision_slips_case_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_supervision_slips_ticket_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_supervision_slips")),
        sqlite_autoincrement=True,
    )
    for column in ("case_id", "ticket_id", "unit_id"):
        op.create_index(op.f(f"ix_supervision_slips_{column}"), "supervision_slips", [column])
    op.create_table(
        "heartbeats",
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("instance", sa.String(63), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", "instance", name=op.f("pk_heartbeats")),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("heartbeats")
    op.drop_table("supervision_slips")
    op.drop_table("ticket_requests")
    with op.batch_alter_table("tickets") as tickets:
        tickets.drop_index(op.f("ix_tickets_next_step_at"))
        for name in (
            "next_step",
            "reworks",
            "disputed",
            "next_step_at",
            "suspended_until",
            "closed_at",
            "handled_at",
            "accepted_at",
            "leads",
        ):
            tickets.drop_column(name)
    with op.batch_alter_table("cases") as cases:
        for name in ("closed_at", "filed_at", "chain"):
            cases.drop_column(name)
    op.drop_table("calendars")
