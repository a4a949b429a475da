"""Table of place codes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from central.database import Base, BigKey


class PlaceCode(Base):
    """A place that has a code. The code itself is made from its number by the key and kept nowhere."""

    __tablename__ = "place_codes"
    __table_args__ = (
        Index("ix_place_codes_lon_lat", "lon", "lat"),
        {"sqlite_autoincrement": True},
    )

    number: Mapped[int] = mapped_column(BigKey, primary_key=True)
    key_id: Mapped[int]
    """Number of the key that signed it."""
    name: Mapped[str] = mapped_column(String(120))
    """What the sheet says above the code: ``Gate of the vegetable market``."""
    road: Mapped[str | None] = mapped_column(String(300))
    lon: Mapped[float]
    lat: Mapped[float]
    area_name: Mapped[str | None] = mapped_column(String(200))
    """The smallest area that it lay in when it was made."""
    kind: Mapped[str | None] = mapped_column(String(40))
    """The one kind that can be reported there; None: whoever reports chooses."""
    urgent: Mapped[bool]
    """Whether what is reported there cannot wait: the code of a fire lane, say."""
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(150))
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None] = mapped_column(String(150))
    revoke_reason: Mapped[str | None] = mapped_column(Text)
    reports: Mapped[int]
    """How many reports came by it."""
    reported_at: Mapped[datetime | None]
    """When the last one came."""
