"""Tables of the pictures and clips that are here, and of who looked at an original."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from central.database import Base, BigKey


class MediaFile(Base):
    """A file whose bytes arrived in full and had the right hash."""

    __tablename__ = "media"
    __table_args__ = (Index("ix_media_deleted_at_received_at", "deleted_at", "received_at", "sha256"),)

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    content_type: Mapped[str] = mapped_column(String(50))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(String(300))
    """The edge box that sent it."""
    received_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
    """When a rule of retention took the bytes away; the row stays."""
    deletion_rule: Mapped[str | None] = mapped_column(String(100))


class OriginalView(Base):
    """Somebody looked at an original. The database refuses to change or delete such a line."""

    __tablename__ = "original_views"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    actor: Mapped[str] = mapped_column(String(150))
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)
