"""Table of what people report, before and beside the lead that it becomes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from central.database import Base


class ReportState(StrEnum):
    """Where a report stands."""

    RECEIVED = "received"
    ANALYSING = "analysing"
    """Its clip or picture is being looked through."""
    LEAD = "lead"
    """It is a lead of a case; what becomes of it is the case's to say."""
    REFUSED = "refused"
    """It could not become a lead; ``refusal`` says why, in words for whoever sent it."""


class Report(Base):
    """One thing that a person reported. Who that is, is kept apart: ``reporter_ref`` stands for them."""

    __tablename__ = "reports"
    __table_args__ = (
        UniqueConstraint("external_id", "source"),
        Index("ix_reports_reporter_ref_id", "reporter_ref", "id"),
        Index("ix_reports_state_id", "state", "id"),
        Index("ix_reports_channel_received_at_id", "channel", "received_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    channel: Mapped[str] = mapped_column(String(20))
    """One of :class:`central.cases.rules.Origin`, never ``camera``."""
    source: Mapped[str] = mapped_column(String(300))
    """Name of the app, page or unit that it came through."""
    external_id: Mapped[str] = mapped_column(String(100))
    """Number that ``source`` gave it; it comes in once however often it is sent."""
    reporter_ref: Mapped[str | None] = mapped_column(String(36))
    kind: Mapped[str] = mapped_column(String(40))
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    """None together: its picture is to tell where it was taken."""
    place_method: Mapped[str] = mapped_column(String(30))
    """How the place was found: ``gps``, ``exif``, ``clip``, ``code``, ``address`` or ``map``; or ``none``."""
    accuracy_m: Mapped[float | None]
    road: Mapped[str | None] = mapped_column(String(300))
    words: Mapped[str] = mapped_column(Text)
    said_hash: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of what was sent under its number: something else under the same is not taken for it."""
    urgent: Mapped[bool]
    seen_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(20))
    refusal: Mapped[str | None] = mapped_column(Text)
    remarks: Mapped[list[str]] = mapped_column(default=list)
    """What became of its files where not all went well: in words for sender and reviewer."""
    lead_id: Mapped[str | None] = mapped_column(String(36), unique=True)
    follow_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    """SHA-256 of the token of the page that shows whoever sent it what became of it."""
    received_at: Mapped[datetime]
    updated_at: Mapped[datetime]
