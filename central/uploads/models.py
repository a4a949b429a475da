"""Tables of what people upload, and of what was found in it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from central.database import Base, BigKey


class UploadState(StrEnum):
    """Where an upload stands."""

    OPEN = "open"
    WHOLE = "whole"
    """Every byte is here, of a type that is taken."""
    OVER = "over"
    """Its bytes are gone: looked through, refused, given up by its sender, or expired."""


class Upload(Base):
    """One file on its way from somebody's phone."""

    __tablename__ = "uploads"
    __table_args__ = (
        Index("ix_uploads_sender_key_created_at", "sender_key", "created_at"),
        Index("ix_uploads_state_expires_at", "state", "expires_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the key in its address: whoever has the key may go on with it."""
    sender_key: Mapped[str] = mapped_column(String(64))
    """Stands for the address or person that it came from, so that what one has open can be counted."""
    report_id: Mapped[str | None] = mapped_column(ForeignKey("reports.id"), index=True)
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(40))
    """Why it is over, as a code."""
    length_bytes: Mapped[int] = mapped_column(BigInteger)
    content_type: Mapped[str | None] = mapped_column(String(50))
    """What its first bytes speak for, once it is whole; what the sender says is not asked."""
    sha256: Mapped[str | None] = mapped_column(String(64))
    """Of the bytes as they came."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class UploadFile(Base):
    """A likeness of what a report showed: enough to know a copy again, not to look at.

    A picture has one row; a clip one for each still that was taken from it, and one without a still if none.
    """

    __tablename__ = "upload_files"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    report_id: Mapped[str] = mapped_column(ForeignKey("reports.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    """Of the file as it came."""
    phash: Mapped[str | None] = mapped_column(String(16), index=True)
    """Perceptual hash (64 bits, 16 hexadecimal digits) of the picture, or of a still of the clip."""
    content_type: Mapped[str] = mapped_column(String(50))
    created_at: Mapped[datetime]
