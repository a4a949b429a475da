"""The table of what units ask for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, and_, text
from sqlalchemy.orm import Mapped, mapped_column

from central.cases.models import Case, Ticket
from central.database import Base

Index(
    "uq_tickets_one_lead",
    Ticket.case_id,
    unique=True,
    sqlite_where=and_(Ticket.leads, Ticket.state != "voided"),
    postgresql_where=and_(Ticket.leads, Ticket.state != "voided"),
)
"""A case has one accountable ticket at any time; the database itself sees to it."""


IS_ACTIVE = text("tickets.state IN ('accepted', 'dispatched', 'handled', 'handling')")
"""That a unit has yet to deal with a ticket, or its work to be checked: as said in an index that holds no
other tickets. Databases use such an index only where a query says the very same, and not by parameters."""

Index(
    "ix_tickets_active",
    Ticket.unit_id,
    Ticket.due_at,
    Ticket.id,
    sqlite_where=text("state IN ('accepted', 'dispatched', 'handled', 'handling')"),
    postgresql_where=text("state IN ('accepted', 'dispatched', 'handled', 'handling')"),
)
IS_GONE = text("tickets.dispatched_at IS NOT NULL AND coalesce(tickets.state, '') = 'voided'")
"""That a ticket had gone out when it was voided: few of all that are, and in an index of their own.

Of ``state`` a function, for the same reason as below."""

Index(
    "ix_tickets_gone",
    Ticket.unit_id,
    Ticket.id,
    sqlite_where=text("dispatched_at IS NOT NULL AND coalesce(state, '') = 'voided'"),
    postgresql_where=text("dispatched_at IS NOT NULL AND coalesce(state, '') = 'voided'"),
)
CLOCK_RUNS = text(
    "tickets.leads AND tickets.suspended_until IS NULL "
    "AND coalesce(tickets.state, '') IN ('accepted', 'dispatched', 'handling')"
)
"""That the clock of an accountable unit runs; as said in the indexes over the instants when it ends.

Of ``state`` a function: SQLite would else take the index over states for it, and read every such ticket.
"""

_RUNS = text(
    "leads AND suspended_until IS NULL AND coalesce(state, '') IN ('accepted', 'dispatched', 'handling')"
)
_IS_SUSPENDED = text("suspended_until IS NOT NULL")
Index("ix_tickets_due", Ticket.due_at, Ticket.case_id, sqlite_where=_RUNS, postgresql_where=_RUNS)
Index("ix_tickets_running", Ticket.case_id, Ticket.due_at, sqlite_where=_RUNS, postgresql_where=_RUNS)
"""The same in the order of the list of cases: for what is overdue among many newer that are not."""
Index("ix_tickets_suspended", Ticket.case_id, sqlite_where=_IS_SUSPENDED, postgresql_where=_IS_SUSPENDED)

IS_URGENT = text("cases.urgent AND cases.state NOT IN ('closed', 'evaluated', 'merged', 'rejected')")
"""That an open case cannot wait; as said in an index."""

Index(
    "ix_cases_urgent",
    Case.id,
    sqlite_where=text("urgent AND state NOT IN ('closed', 'evaluated', 'merged', 'rejected')"),
    postgresql_where=text("urgent AND state NOT IN ('closed', 'evaluated', 'merged', 'rejected')"),
)


class TicketRequest(Base):
    """A unit asks for a suspension or an extension, or disputes that the ticket is its business."""

    __tablename__ = "ticket_requests"
    __table_args__ = (Index("ix_ticket_requests_state_id", "state", "id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    """suspension, extension or dispute."""
    state: Mapped[str] = mapped_column(String(10))
    """waiting, granted or declined."""
    asked_by: Mapped[str] = mapped_column(String(150))
    asked_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text)
    clause: Mapped[str | None] = mapped_column(String(500))
    """What a dispute rests on."""
    until: Mapped[datetime | None]
    hours: Mapped[float | None]
    decided_by: Mapped[str | None] = mapped_column(String(150))
    decided_at: Mapped[datetime | None]
    decision: Mapped[str | None] = mapped_column(Text)
    """Words of whoever decided."""


class JointOperation(Base):
    """Several towns go out to a place on their border together: one leads, all share a window."""

    __tablename__ = "joint_operations"

    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    band_m: Mapped[float]
    """How near a town had to be to be called."""
    window_from: Mapped[datetime]
    window_until: Mapped[datetime]
