"""The table of questions to cameras, and of what they answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from central.database import Base

_ONE_OPEN = text("state IN ('asking', 'silent', 'answered')")


class Recheck(Base):
    """A camera is asked whether a place is free that a unit reported as dealt with."""

    __tablename__ = "rechecks"
    __table_args__ = (
        Index("uq_rechecks_open", "case_id", unique=True, sqlite_where=_ONE_OPEN, postgresql_where=_ONE_OPEN),
        Index("ix_rechecks_state_answer_by", "state", "answer_by"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    """Also of the event that asks: the edge knows by it that it was asked before."""
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    lead_id: Mapped[str] = mapped_column(String(36))
    """Of the camera that is asked; the picture becomes its evidence."""
    site: Mapped[str] = mapped_column(String(63))
    edge: Mapped[str] = mapped_column(String(63))
    camera_id: Mapped[str] = mapped_column(String(63))
    question: Mapped[dict[str, Any]]
    """What is asked, as it goes over the wire."""
    state: Mapped[str] = mapped_column(String(10))
    asked_at: Mapped[datetime]
    answer_by: Mapped[datetime]
    """When it is given to a person, for want of an answer."""
    sends: Mapped[int] = mapped_column(default=0)
    next_send_at: Mapped[datetime | None] = mapped_column(index=True)
    answered_at: Mapped[datetime | None]
    verdict: Mapped[str | None] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(20))
    """Why the camera cannot tell."""
    looked_at: Mapped[datetime | None]
    """When the picture behind the verdict was taken."""
    looks: Mapped[int | None]
    picture_sha256: Mapped[str | None] = mapped_column(String(64))
    """Of that picture as it was made for people."""
    settled_at: Mapped[datetime | None]
