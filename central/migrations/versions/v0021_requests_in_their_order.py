"""Requests that wait, in their order; one index over reports by channel and time instead of two.

Revision ID: 0021
Revises: 0020
"""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_ticket_requests_state_id", "ticket_requests", ["state", "id"])
    op.drop_index("ix_ticket_requests_state", "ticket_requests")
    op.drop_index("ix_reports_channel_received_at", "reports")


def downgrade() -> None:
    """Take it back."""
    op.create_index("ix_reports_channel_received_at", "reports", ["channel", "received_at"])
    op.create_index("ix_ticket_requests_state", "ticket_requests", ["state"])
    op.drop_index("ix_ticket_requests_state_id", "ticket_requests")
