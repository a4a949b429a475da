"""The table of working calendars, whose earlier versions stay for the deadlines made by them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from central.database import Base, BigKey


class Calendar(Base):
    """One version of the working calendar. The one that came into force last is in force."""

    __tablename__ = "calendars"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    document: Mapped[dict[str, Any]]
    in_force_since: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(String(150))
    """Who put it in force."""
