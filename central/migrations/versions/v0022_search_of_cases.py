"""What the list of cases is searched by: plates, roads, tickets that are late or suspended.

Revision ID: 0022
Revises: 0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_RUNS = sa.text("leads AND suspended_until IS NULL AND state IN ('accepted', 'dispatched', 'handling')")
_SUSPENDED = sa.text("suspended_until IS NOT NULL")
_READ = sa.text("plate IS NOT NULL")


def upgrade() -> None:
    """Apply."""
    op.create_index(
        "ix_leads_plate_text",
        "leads",
        [sa.text("(plate ->> 'text')")],
        sqlite_where=_READ,
        postgresql_where=_READ,
    )
    op.create_index("ix_cases_road_id", "cases", ["road", "id"], postgresql_ops={"road": "text_pattern_ops"})
    op.create_index(
        "ix_tickets_due", "tickets", ["due_at", "case_id"], sqlite_where=_RUNS, postgresql_where=_RUNS
    )
    op.create_index(
        "ix_tickets_suspended", "tickets", ["case_id"], sqlite_where=_SUSPENDED, postgresql_where=_SUSPENDED
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_tickets_suspended", "tickets")
    op.drop_index("ix_tickets_due", "tickets")
    op.drop_index("ix_cases_road_id", "cases")
    op.drop_index("ix_leads_plate_text", "leads")
