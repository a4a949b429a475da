"""What came of a case: its unit reports it, whoever closes it confirms it, and it is counted.

Revision ID: 0035
Revises: 0034
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_TABLES = ("cases", "tickets", "case_facts")


def upgrade() -> None:
    """Apply. Of what is closed already nobody said what came of it."""
    for table in _TABLES:
        op.add_column(table, sa.Column("outcome", sa.String(20), nullable=True))
    where = sa.text("outcome <> 'dealt_with'")
    op.create_index(
        "ix_case_facts_outcome",
        "case_facts",
        ["closed_day", "outcome"],
        sqlite_where=where,
        postgresql_where=where,
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_case_facts_outcome", "case_facts")
    for table in reversed(_TABLES):
        op.drop_column(table, "outcome")
