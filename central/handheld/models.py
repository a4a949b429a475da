"""Table of the photos with which units prove their work."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from central.database import Base


class PhotoState(StrEnum):
    """Where a photo stands."""

    WAITING = "waiting"
    """It is here, and yet to be looked through."""
    SHOWN = "shown"
    """It is evidence of the case."""
    UNFIT = "unfit"
    """It could not be taken; ``remark`` says why."""


class TicketPhoto(Base):
    """A photo of the place after the work, as a unit sent it."""

    __tablename__ = "ticket_photos"
    __table_args__ = (UniqueConstraint("ticket_id", "sha256"),)

    upload_id: Mapped[str] = mapped_column(ForeignKey("uploads.id"), primary_key=True)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the bytes as they came: the same photo is one, however often it is sent."""
    sent_by: Mapped[str] = mapped_column(String(150))
    sent_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10))
    remark: Mapped[str | None] = mapped_column(Text)
    """What is to be said of it: that it is older than the ticket, say."""
