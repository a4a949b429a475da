"""What was asked for about a ticket whose work is done can be granted no more: it waits no longer.

Revision ID: 0036
Revises: 0035
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Disputes wait for their rulings as before."""
    requests = sa.table(
        "ticket_requests",
        sa.column("ticket_id"),
        sa.column("kind"),
        sa.column("state"),
        sa.column("asked_at"),
        sa.column("decided_by"),
        sa.column("decided_at"),
        sa.column("decision"),
    )
    tickets = sa.table("tickets", sa.column("id"), sa.column("state"), sa.column("handled_at"))
    done = sa.select(tickets.c.id).where(tickets.c.state.in_(("handled", "closed", "voided")))
    of_it = sa.select(tickets.c.handled_at).where(tickets.c.id == requests.c.ticket_id).scalar_subquery()
    op.execute(
        requests.update()
        .where(requests.c.state == "waiting", requests.c.kind != "dispute", requests.c.ticket_id.in_(done))
        .values(
            state="declined",
            decided_by="system",
            decided_at=sa.func.coalesce(of_it, requests.c.asked_at),
            decision="the work was reported as handled",
        )
    )


def downgrade() -> None:
    """Nothing to take back: nobody can decide on them any more."""
