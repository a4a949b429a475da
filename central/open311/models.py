"""Table of the keys of apps that may report."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from central.database import Base


class Open311Key(Base):
    """The key of an app; only a hash of it is kept."""

    __tablename__ = "open311_keys"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    app: Mapped[str] = mapped_column(String(63))
    """Name of the app: the source of what it reports. It may have several keys."""
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
