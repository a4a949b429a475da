"""The table of areas."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from central.database import Base


class Area(Base):
    """An area, with its bounding box beside the polygon so that a look-up reads few rows. WGS-84 degrees."""

    __tablename__ = "areas"
    __table_args__ = (Index("ix_areas_bounds", "min_lon", "max_lon", "min_lat", "max_lat"),)

    id: Mapped[str] = mapped_column(String(63), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    level: Mapped[str] = mapped_column(String(10))
    unit_id: Mapped[str | None] = mapped_column(String(63))
    geometry: Mapped[dict[str, Any]]
    min_lon: Mapped[float]
    max_lon: Mapped[float]
    min_lat: Mapped[float]
    max_lat: Mapped[float]
    imported_at: Mapped[datetime]
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    """The first instant at which it is no longer valid."""
