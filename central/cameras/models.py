"""Tables of edge boxes and cameras."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from central.database import Base, BigKey


class EdgeBox(Base):
    """An edge box: its credentials for uploads, and how it was when it last spoke."""

    __tablename__ = "edges"
    __table_args__ = (UniqueConstraint("site", "edge"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    site: Mapped[str] = mapped_column(String(63))
    edge: Mapped[str] = mapped_column(String(63))
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    broker_hash: Mapped[str | None] = mapped_column(String(200))
    """Of the same token, as Mosquitto's password file holds it."""
    status: Mapped[str | None] = mapped_column(String(10))
    status_at: Mapped[datetime | None]
    health_at: Mapped[datetime | None]
    """When the newest health message arrived, by central's clock."""
    health_time: Mapped[datetime | None]
    """What that message itself gave as its time."""
    version: Mapped[str | None] = mapped_column(String(300))
    model: Mapped[str | None] = mapped_column(String(300))
    uptime_s: Mapped[float | None]
    outbox_entries: Mapped[int | None] = mapped_column(BigInteger)
    outbox_bytes: Mapped[int | None] = mapped_column(BigInteger)
    media_waiting: Mapped[int | None] = mapped_column(BigInteger)
    dropped_updates: Mapped[int | None] = mapped_column(BigInteger)
    counters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What grows with every report, for each camera by its id: looks, skipped, corrupt, reconnects and
    last_picture_at (ISO 8601, or None).

    Kept in one value a box, so that a report of a hundred cameras that do as before changes one row.
    """
    camera_count: Mapped[int] = mapped_column(default=0)
    unwell_count: Mapped[int] = mapped_column(default=0)
    """Cameras that its newest report names and that give no good pictures."""
    created_at: Mapped[datetime]
    cameras: Mapped[list[Camera]] = relationship(
        back_populates="box", order_by="Camera.camera_id", lazy="raise"
    )


class Camera(Base):
    """A camera as its box last reported it."""

    __tablename__ = "cameras"

    edge_id: Mapped[int] = mapped_column(ForeignKey("edges.id", ondelete="CASCADE"), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    name: Mapped[str] = mapped_column(String(300))
    state: Mapped[str] = mapped_column(String(20))
    profile: Mapped[str] = mapped_column(String(10))
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    frozen: Mapped[bool]
    dark: Mapped[bool]
    view: Mapped[str] = mapped_column(String(10), default="steady", server_default="steady")
    """Whether it looks where its zones were drawn: steady, drifting, moved or covered."""
    error: Mapped[str | None] = mapped_column(String(300))
    listed: Mapped[bool] = mapped_column(default=True)
    """Whether the box's newest report still names it."""
    box: Mapped[EdgeBox] = relationship(back_populates="cameras")
