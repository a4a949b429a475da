"""The table of rulings."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from central.database import Base, BigKey


class Ruling(Base):
    """An adjudicator's decision on a dispute. Never changed; a later one may decide otherwise."""

    __tablename__ = "rulings"

    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    """Year, and a count within it: ``2026-0007``."""
    request_id: Mapped[str] = mapped_column(ForeignKey("ticket_requests.id"), unique=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id"))
    """The ticket that was disputed."""
    new_ticket_id: Mapped[str | None] = mapped_column(ForeignKey("tickets.id"))
    """The ticket that took its place."""
    entry_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("duty_entries.id"))
    """The entry of the duty list that it made."""
    upheld: Mapped[bool]
    item_id: Mapped[str] = mapped_column(String(63))
    item: Mapped[str] = mapped_column(String(200))
    area_id: Mapped[str | None] = mapped_column(String(63))
    area_name: Mapped[str | None] = mapped_column(String(200))
    disputed_by: Mapped[str] = mapped_column(String(63))
    """The unit that disputed it."""
    unit_id: Mapped[str] = mapped_column(String(63))
    unit_name: Mapped[str] = mapped_column(String(200))
    """Whose business it is."""
    clause: Mapped[str] = mapped_column(String(500))
    reasons: Mapped[str] = mapped_column(Text)
    ruled_by: Mapped[str] = mapped_column(String(150))
    ruled_at: Mapped[datetime] = mapped_column(index=True)
