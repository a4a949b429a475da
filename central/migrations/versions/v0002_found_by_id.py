"""Events and leads are found by their own id first: one question for a whole batch, whoever sent it.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Turn the unique keys round."""
    with op.batch_alter_table("events", table_kwargs={"sqlite_autoincrement": True}) as events:
        events.drop_constraint("uq_events_source_event_id", type_="unique")
        events.create_unique_constraint("uq_events_event_id_source", ["event_id", "source"])
    with op.batch_alter_table("leads") as leads:
        leads.drop_constraint("uq_leads_source_incident_id", type_="unique")
        leads.create_unique_constraint("uq_leads_incident_id_source", ["incident_id", "source"])


def downgrade() -> None:
    """Turn them back."""
    with op.batch_alter_table("leads") as leads:
        leads.drop_constraint("uq_leads_incident_id_source", type_="unique")
        leads.create_unique_constraint("uq_leads_source_incident_id", ["source", "incident_id"])
    with op.batch_alter_table("events", table_kwargs={"sqlite_autoincrement": True}) as events:
        events.drop_constraint("uq_events_event_id_source", type_="unique")
        events.create_unique_constraint("uq_events_source_event_id", ["source", "event_id"])
