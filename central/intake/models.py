"""Tables of what came in: events, the state of each sequence, and what was refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from central.database import Base, BigKey


class StoredEvent(Base):
    """An event as it came, kept whole. Once by (source, id)."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("event_id", "source"),
        Index("ix_events_source_epoch_sequence", "source", "epoch", "sequence"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    source: Mapped[str] = mapped_column(String(300))
    event_id: Mapped[str] = mapped_column(String(36))
    epoch: Mapped[str] = mapped_column(String(36))
    sequence: Mapped[int] = mapped_column(BigInteger)
    type: Mapped[str] = mapped_column(String(100))
    received_at: Mapped[datetime]
    payload: Mapped[str] = mapped_column(Text)


class SequenceState(Base):
    """How much of one (source, epoch) has arrived: everything to ``contiguous``, and ``islands`` beyond."""

    __tablename__ = "sequences"

    source: Mapped[str] = mapped_column(String(300), primary_key=True)
    epoch: Mapped[str] = mapped_column(String(36), primary_key=True)
    contiguous: Mapped[int] = mapped_column(BigInteger, default=0)
    islands: Mapped[list[Any]] = mapped_column(JSON)
    """[[first, last], …], ascending, none touching another."""
    ask_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the holes are due to be asked for; None when there are none."""
    asks: Mapped[int] = mapped_column(default=0)
    """How often in a row they were asked for without an answer."""
    updated_at: Mapped[datetime]


class Rejection(Base):
    """A message that was refused, for someone to find out why."""

    __tablename__ = "rejections"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    topic: Mapped[str] = mapped_column(String(300))
    reason: Mapped[str] = mapped_column(String(40))
    detail: Mapped[str] = mapped_column(String(500))
    sha256: Mapped[str] = mapped_column(String(64))
    head: Mapped[str] = mapped_column(String(200))
    """The first bytes, without credentials, everything unprintable escaped."""
