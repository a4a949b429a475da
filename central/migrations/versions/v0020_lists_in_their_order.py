"""Lists that are read in their own order: of a unit's work, of what cannot wait, of reports by channel.

Revision ID: 0020
Revises: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_ACTIVE = sa.text("state IN ('accepted', 'dispatched', 'handled', 'handling')")
_URGENT = sa.text("urgent AND state NOT IN ('closed', 'evaluated', 'merged', 'rejected')")


def upgrade() -> None:
    """Apply."""
    op.create_index(
        "ix_tickets_active",
        "tickets",
        ["unit_id", "due_at", "id"],
        sqlite_where=_ACTIVE,
        postgresql_where=_ACTIVE,
    )
    op.create_index("ix_cases_urgent", "cases", ["id"], sqlite_where=_URGENT, postgresql_where=_URGENT)
    op.create_index("ix_reports_channel_received_at_id", "reports", ["channel", "received_at", "id"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_reports_channel_received_at_id", "reports")
    op.drop_index("ix_cases_urgent", "cases")
    op.drop_index("ix_tickets_active", "tickets")
