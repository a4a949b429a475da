"""Tickets whose clock runs, in the order of the list of cases: what is overdue beneath many newer cases.

Both indexes say the state by a function, so that SQLite takes them and not the index over states.

Revision ID: 0027
Revises: 0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_STATES = "IN ('accepted', 'dispatched', 'handling')"
_RAN = sa.text(f"leads AND suspended_until IS NULL AND state {_STATES}")
_RUNS = sa.text(f"leads AND suspended_until IS NULL AND coalesce(state, '') {_STATES}")


def upgrade() -> None:
    """Apply."""
    op.drop_index("ix_tickets_due", "tickets")
    _create("ix_tickets_due", ["due_at", "case_id"], _RUNS)
    _create("ix_tickets_running", ["case_id", "due_at"], _RUNS)


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_tickets_running", "tickets")
    op.drop_index("ix_tickets_due", "tickets")
    _create("ix_tickets_due", ["due_at", "case_id"], _RAN)


def _create(name: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, "tickets", columns, sqlite_where=where, postgresql_where=where)
