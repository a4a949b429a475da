"""The table of pictures and clips that are here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from central.database import Base


class MediaFile(Base):
    """A file whose bytes arrived in full and had the right hash."""

    __tablename__ = "media"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    content_type: Mapped[str] = mapped_column(String(50))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(String(300))
    """The edge box that sent it."""
    received_at: Mapped[datetime]
