"""When a unit was reminded, at its ticket, as the log says.

Revision ID: 0037
Revises: 0036
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_ACTIVE = ("accepted", "dispatched", "handled", "handling")
_TICKETS = sa.table(
    "tickets",
    sa.column("id", sa.String),
    sa.column("case_id", sa.String),
    sa.column("state", sa.String),
    sa.column("reminded_at", sa.DateTime(timezone=True)),
)
_LINES = sa.table(
    "case_events",
    sa.column("id", sa.Integer),
    sa.column("case_id", sa.String),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("rule", sa.String),
    sa.column("detail", sa.JSON),
)
_RULES = ("dispatch", "rework", "hurry", "rule_elsewhere", "remind", "extend")


def upgrade() -> None:
    """Apply."""
    op.add_column("tickets", sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True))
    bind, ticket, line = op.get_bind(), _TICKETS.c, _LINES.c
    active = sa.select(ticket.case_id).where(ticket.state.in_(_ACTIVE))
    lines = sa.select(line.at, line.rule, line.detail).where(line.case_id.in_(active), line.rule.in_(_RULES))
    reminded: dict[str, Any] = {}
    for at, rule, detail in bind.execute(lines.order_by(line.id)).all():
        for ticket_id in detail.get("tickets", {}):
            reminded.pop(ticket_id, None)
        ticket_id = detail.get("ticket", "")
        if rule == "remind":
            reminded[ticket_id] = at
        elif rule == "extend":
            reminded.pop(ticket_id, None)
    for ticket_id, at in reminded.items():
        bind.execute(_TICKETS.update().where(ticket.id == ticket_id).values(reminded_at=at))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("tickets", "reminded_at")
