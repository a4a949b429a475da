"""What is counted and compared over time.

The rows of cases that are there already are made by the running central, from their log.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

_AT = sa.DateTime(timezone=True)
_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_INDEXES = {
    "due": ["due_day", "state", "kind", "running", "late", "due_at", "closed_day"],
    "filed": ["filed_day", "state", "kind"],
    "dispatched": ["dispatched_day", "state", "kind", "moved"],
    "handled": ["handled_day", "state", "kind", "reworks"],
    "closed": ["closed_day", "state", "kind"],
}
"""All that the counters of a day ask for."""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "case_facts",
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("channels", sa.SmallInteger(), nullable=False),
        sa.Column("unit_id", sa.String(63), nullable=True),
        sa.Column("city_id", sa.String(63), nullable=True),
        sa.Column("town_id", sa.String(63), nullable=True),
        sa.Column("station_id", sa.String(63), nullable=True),
        sa.Column("village_id", sa.String(63), nullable=True),
        sa.Column("grid_id", sa.String(63), nullable=True),
        sa.Column("cell", sa.BigInteger(), nullable=False),
        sa.Column("occurred_day", sa.Date(), nullable=False),
        sa.Column("filed_day", sa.Date(), nullable=True),
        sa.Column("dispatched_day", sa.Date(), nullable=True),
        sa.Column("handled_day", sa.Date(), nullable=True),
        sa.Column("closed_day", sa.Date(), nullable=True),
        sa.Column("due_at", _AT, nullable=True),
        sa.Column("due_day", sa.Date(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("running", sa.Boolean(), nullable=False),
        sa.Column("moved", sa.Boolean(), nullable=False),
        sa.Column("reworks", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], ondelete="CASCADE", name=op.f("fk_case_facts_case_id")
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_facts")),
    )
    op.create_index(
        "ix_case_facts_occurred",
        "case_facts",
        [
            "occurred_day",
            "state",
            "kind",
            "town_id",
            "cell",
            "city_id",
            "station_id",
            "village_id",
            "grid_id",
            "channels",
            "unit_id",
        ],
    )
    for name, columns in _INDEXES.items():
        op.create_index(f"ix_case_facts_{name}", "case_facts", columns)
    counted_to = op.create_table(
        "insight_counted_to",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("line", _KEY, nullable=False),
        sa.Column("ground", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_insight_counted_to")),
    )
    op.bulk_insert(counted_to, [{"id": 1, "line": 0, "ground": ""}])
    op.create_table(
        "exports",
        sa.Column("number", _KEY, nullable=False),
        sa.Column("actor", sa.String(150), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("form", sa.String(10), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("plates", sa.Boolean(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_exports")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_exports_actor", "exports", ["actor"])


def downgrade() -> None:
    """Take it back."""
    op.drop_table("exports")
    op.drop_table("insight_counted_to")
    op.drop_table("case_facts")
