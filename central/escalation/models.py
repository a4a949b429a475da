"""Tables of supervision slips and of the sweeper's heartbeat."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from central.database import Base, BigKey


class SupervisionSlip(Base):
    """A superior is told, under a number and with a deadline, that a ticket is overdue (督办单)."""

    __tablename__ = "supervision_slips"
    __table_args__ = (
        Index(
            "ix_supervision_slips_waiting",
            "respond_by",
            "number",
            sqlite_where=text("answered_at IS NULL"),
            postgresql_where=text("answered_at IS NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    number: Mapped[int] = mapped_column(BigKey, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id"), index=True)
    level: Mapped[int]
    """How far above the ticket's own unit: 1 is its superior."""
    unit_id: Mapped[str] = mapped_column(String(63), index=True)
    """Who is told."""
    unit_name: Mapped[str] = mapped_column(String(200))
    sentence: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[datetime]
    respond_by: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None] = mapped_column(String(150))
    answer: Mapped[str | None] = mapped_column(Text)


class Heartbeat(Base):
    """When something that must never stop last ran, for each copy of central."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    instance: Mapped[str] = mapped_column(String(63), primary_key=True)
    at: Mapped[datetime]
    done: Mapped[int] = mapped_column(default=0)
    """How much it did in that run."""
