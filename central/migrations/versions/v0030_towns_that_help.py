"""The town from which a unit helps, at its ticket: whoever is limited to that town sees the case.

Tickets that are there already get it where the duty list or the areas say it; where neither does, the case is
seen by those who led it and by the whole city's, as before.

Revision ID: 0030
Revises: 0029
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_HELPS = sa.text("town_id IS NOT NULL")
_TICKETS = sa.table(
    "tickets",
    sa.column("leads", sa.Boolean),
    sa.column("town_id", sa.String),
    sa.column("unit_id", sa.String),
    sa.column("duty_entry_id", sa.Integer),
)
_AREAS = sa.table(
    "areas", sa.column("id", sa.String), sa.column("level", sa.String), sa.column("unit_id", sa.String)
)
_ENTRIES = sa.table("duty_entries", sa.column("id", sa.Integer), sa.column("area_id", sa.String))


def upgrade() -> None:
    """Apply."""
    op.add_column("tickets", sa.Column("town_id", sa.String(63), nullable=True))
    entry, area, ticket = _ENTRIES.c, _AREAS.c, _TICKETS.c
    of_entry = sa.select(entry.area_id).where(
        entry.id == ticket.duty_entry_id, area.id == entry.area_id, area.level == "town"
    )
    of_unit = sa.select(sa.func.min(area.id)).where(area.level == "town", area.unit_id == ticket.unit_id)
    # SQLite before 3.39 takes HAVING only with GROUP BY.
    of_unit = of_unit.group_by(area.unit_id).having(sa.func.count() == 1)
    for found in (of_entry, of_unit):
        town_id = found.correlate(_TICKETS).scalar_subquery()
        helps = _TICKETS.update().where(ticket.leads.is_(sa.false()), ticket.town_id.is_(None))
        op.execute(helps.values(town_id=town_id))
    for name, columns in (
        ("ix_tickets_town_id", ["town_id", "case_id"]),
        ("ix_tickets_helping", ["case_id", "town_id"]),
    ):
        op.create_index(name, "tickets", columns, sqlite_where=_HELPS, postgresql_where=_HELPS)


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_tickets_helping", "tickets")
    op.drop_index("ix_tickets_town_id", "tickets")
    op.drop_column("tickets", "town_id")
