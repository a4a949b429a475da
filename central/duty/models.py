"""Tables of units and of the duty list, whose earlier versions stay."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from central.database import Base, BigKey


class Unit(Base):
    """Someone who can be told: a department's squad, a township, a grid."""

    __tablename__ = "units"

    id: Mapped[str] = mapped_column(String(63), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    parent_id: Mapped[str | None] = mapped_column(String(63))


class DutyList(Base):
    """One version of the list. The one that came into force last is in force."""

    __tablename__ = "duty_lists"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    in_force_since: Mapped[datetime] = mapped_column(index=True)


class DutyEntry(Base):
    """Who leads for a kind in an area; ``area_id`` empty is the whole city."""

    __tablename__ = "duty_entries"
    __table_args__ = (UniqueConstraint("list_id", "kind", "area_id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("duty_lists.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    area_id: Mapped[str] = mapped_column(String(63))
    """Empty for the city-wide entry: NULLs would not collide in the unique key."""
    unit_id: Mapped[str] = mapped_column(String(63))
    co_unit_ids: Mapped[list[str]]
    item: Mapped[str] = mapped_column(String(200))
    legal_basis: Mapped[str] = mapped_column(String(500))
    deadline_hours: Mapped[float]
    urgent_deadline_hours: Mapped[float]
