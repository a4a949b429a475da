"""Leads of every channel; the leads of open cases by place; cases that may be one.

Cases that were open before are not looked up by place: only what comes in from now on is.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_CAMERAS_ONLY: tuple[tuple[str, Any], ...] = (
    ("incident_id", sa.String(36)),
    ("revision", sa.BigInteger()),
    ("phase", sa.String(10)),
    ("camera_id", sa.String(63)),
    ("camera_name", sa.String(300)),
    ("zone_id", sa.String(63)),
    ("dwell_s", sa.Double()),
    ("limit_s", sa.Double()),
    ("object_class", sa.String(300)),
    ("confidence", sa.Double()),
    ("box", sa.JSON()),
    ("model", sa.String(300)),
)


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("leads") as leads:
        for name, kind in _CAMERAS_ONLY:
            leads.alter_column(name, existing_type=kind, nullable=True)
        leads.add_column(sa.Column("external_id", sa.String(100), nullable=True))
        leads.add_column(sa.Column("words", sa.Text(), nullable=True))
        leads.add_column(sa.Column("reporter_ref", sa.String(36), nullable=True))
        leads.create_unique_constraint(op.f("uq_leads_external_id_source"), ["external_id", "source"])
    op.add_column("cases", sa.Column("merged_into", sa.String(36), nullable=True))
    op.create_table(
        "open_leads",
        sa.Column("lead_id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("cell", sa.BigInteger(), nullable=False),
        sa.Column("watcher", sa.String(400), nullable=False),
        sa.Column("until", _AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["leads.id"], name=op.f("fk_open_leads_lead_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_open_leads_case_id")),
        sa.PrimaryKeyConstraint("lead_id", name=op.f("pk_open_leads")),
    )
    op.create_index("ix_open_leads_kind_cell_until", "open_leads", ["kind", "cell", "until"])
    op.create_index(op.f("ix_open_leads_case_id"), "open_leads", ["case_id"])
    op.create_table(
        "merge_suggestions",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("into_case_id", sa.String(36), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("decided_at", _AT, nullable=True),
        sa.Column("decided_by", sa.String(150), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_merge_suggestions_case_id")),
        sa.ForeignKeyConstraint(
            ["into_case_id"], ["cases.id"], name=op.f("fk_merge_suggestions_into_case_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merge_suggestions")),
        sa.UniqueConstraint(
            "case_id", "into_case_id", name=op.f("uq_merge_suggestions_case_id_into_case_id")
        ),
    )
    op.create_index(op.f("ix_merge_suggestions_into_case_id"), "merge_suggestions", ["into_case_id"])
    op.create_index(op.f("ix_merge_suggestions_state"), "merge_suggestions", ["state"])


def downgrade() -> None:
    """Take it back. Leads of other channels than cameras have no place in the older schema and go."""
    op.drop_table("merge_suggestions")
    op.drop_table("open_leads")
    with op.batch_alter_table("cases") as cases:
        cases.drop_column("merged_into")
    op.execute("DELETE FROM leads WHERE incident_id IS NULL")
    with op.batch_alter_table("leads") as leads:
        leads.drop_constraint(op.f("uq_leads_external_id_source"), type_="unique")
        for name in ("reporter_ref", "words", "external_id"):
            leads.drop_column(name)
        for name, kind in _CAMERAS_ONLY:
            leads.alter_column(name, existing_type=kind, nullable=False)
