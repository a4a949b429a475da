"""The table of what units ask for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from central.database import Base


class TicketRequest(Base):
    """A unit asks for a suspension or an extension, or disputes that the ticket is its business."""

    __tablename__ = "ticket_requests"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    """suspension, extension or dispute."""
    state: Mapped[str] = mapped_column(String(10), index=True)
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
