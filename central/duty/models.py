"""Tables of units and of the duty list, whose earlier versions stay."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from central.database import Base, BigKey


class Unit(Base):
    """Someone who can be told: a department's squad, a township, a grid."""

    __tablename__ = "units"

    id: Mapped[str] = mapped_column(String(63), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    parent_id: Mapped[str | None] = mapped_column(String(63))


class DutyList(Base):
    """One version of the list. Of those that are valid, the one that came into force last is in force."""

    __tablename__ = "duty_lists"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str | None] = mapped_column(String(100))
    source: Mapped[str | None] = mapped_column(String(1000))
    """The file that it was taken from."""
    imported_at: Mapped[datetime]
    in_force_since: Mapped[datetime] = mapped_column(index=True)
    """May lie in the future."""
    valid_until: Mapped[datetime | None]
    """The first instant at which it is no longer valid."""
    powers: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Unit -> what it may enforce, for the units of which the list says so."""
    unit_ids: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    """The units that it names: of the others that are known, none may be told anything while it is in force.
    None for a version that was taken in before this was kept: then every unit counts as named."""
    classes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Class -> its name."""


class DutyEntry(Base):
    """Who leads for an item in an area; ``area_id`` empty is the whole city."""

    __tablename__ = "duty_entries"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    list_id: Mapped[int | None] = mapped_column(ForeignKey("duty_lists.id"), index=True)
    """None for an entry that a ruling made: it holds beside every version of the list."""
    item_id: Mapped[str] = mapped_column(String(63))
    class_id: Mapped[str | None] = mapped_column(String(63))
    kind: Mapped[str | None] = mapped_column(String(40))
    """The kind of offence that cameras raise; None where only people report it."""
    area_id: Mapped[str] = mapped_column(String(63))
    unit_id: Mapped[str] = mapped_column(String(63))
    co_unit_ids: Mapped[list[str]]
    item: Mapped[str] = mapped_column(String(200))
    power: Mapped[str | None] = mapped_column(String(63))
    """The legal power that enforcing it takes."""
    legal_basis: Mapped[str] = mapped_column(String(500))
    basis_from: Mapped[datetime | None]
    basis_until: Mapped[datetime | None]
    """The first instant at which the law is no longer in force."""
    deadline_hours: Mapped[float]
    urgent_deadline_hours: Mapped[float]
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    ruling: Mapped[str | None] = mapped_column(String(20))
    """Number of the ruling that it came from."""
