"""Lists stay quick with a million cases: each filter has an index that also gives the order.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.drop_index(op.f("ix_cases_kind"), "cases")
    op.create_index("ix_cases_kind_id", "cases", ["kind", "id"])
    op.drop_index("ix_tickets_unit_id_state", "tickets")
    op.create_index("ix_tickets_unit_id_state", "tickets", ["unit_id", "state", "id"])
    op.create_index("ix_tickets_state_id", "tickets", ["state", "id"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_tickets_state_id", "tickets")
    op.drop_index("ix_tickets_unit_id_state", "tickets")
    op.create_index("ix_tickets_unit_id_state", "tickets", ["unit_id", "state"])
    op.drop_index("ix_cases_kind_id", "cases")
    op.create_index(op.f("ix_cases_kind"), "cases", ["kind"])
