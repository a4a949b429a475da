"""Counts of days, kept beside the rows that they count; made here of the rows that are there.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_TABLES = {
    "insight_unit_tallies": ["kind", "city_id", "town_id", "unit_id", "channels"],
    "insight_ground_tallies": ["kind", "city_id", "town_id", "station_id", "village_id", "grid_id"],
}
_PARTS = {
    "occurred_day": {"occurred": "1"},
    "filed_day": {"filed": "1"},
    "dispatched_day": {"dispatched": "1", "dispatched_rightly": "CASE WHEN moved THEN 0 ELSE 1 END"},
    "handled_day": {"handled": "1", "reworked": "CASE WHEN reworks > 0 THEN 1 ELSE 0 END"},
    "due_day": {
        "ended": "CASE WHEN running THEN 0 ELSE 1 END",
        "ended_late": "CASE WHEN late AND NOT running THEN 1 ELSE 0 END",
        "running": "CASE WHEN running THEN 1 ELSE 0 END",
        "due_closed": "CASE WHEN closed_day IS NULL THEN 0 ELSE 1 END",
    },
    "closed_day": {"closed": "1"},
}
"""Day of a case -> what it adds to the row of that day."""
_NUMBERS = [name for parts in _PARTS.values() for name in parts]


def upgrade() -> None:
    """Apply."""
    for table, keys in _TABLES.items():
        op.create_table(
            table,
            sa.Column("day", sa.Date(), nullable=False),
            *(_key(name) for name in keys),
            *(sa.Column(name, sa.Integer(), nullable=False) for name in _NUMBERS),
            sa.PrimaryKeyConstraint("day", *keys, name=op.f(f"pk_{table}")),
            sqlite_with_rowid=False,
        )
        op.execute(filling(table))


def downgrade() -> None:
    """Take it back."""
    for table in _TABLES:
        op.drop_table(table)


def _key(name: str) -> sa.Column[int] | sa.Column[str]:
    if name == "channels":
        return sa.Column(name, sa.SmallInteger(), nullable=False)
    return sa.Column(name, sa.String(40 if name == "kind" else 63), nullable=False)


def filling(table: str) -> sa.TextClause:
    """The statement that makes all rows of a table of tallies from the rows of cases."""
    keys = _TABLES[table]
    own = [name if name in {"kind", "channels"} else f"coalesce({name}, '') AS {name}" for name in keys]
    stretches = " UNION ALL ".join(
        f"SELECT {day} AS day, {', '.join(own)}, "  # noqa: S608 - names of columns
        + ", ".join(f"{parts.get(name, '0')} AS {name}" for name in _NUMBERS)
        + f" FROM case_facts WHERE {day} IS NOT NULL AND state NOT IN ('rejected', 'merged')"
        for day, parts in _PARTS.items()
    )
    columns = ", ".join(["day", *keys])
    sums = ", ".join(f"sum({name})" for name in _NUMBERS)
    return sa.text(
        f"INSERT INTO {table} ({columns}, {', '.join(_NUMBERS)}) "  # noqa: S608 - names of columns
        f"SELECT {columns}, {sums} FROM ({stretches}) AS parts GROUP BY {columns}"
    )
