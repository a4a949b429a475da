"""Tables of what merging looks up: the leads of open cases by place, and what was suggested to people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from central.database import Base, BigKey


class OpenLead(Base):
    """A lead of an open case, by its cell of the grid. Rows go when the case is over."""

    __tablename__ = "open_leads"
    __table_args__ = (Index("ix_open_leads_kind_cell_until", "kind", "cell", "until"),)

    lead_id: Mapped[str] = mapped_column(ForeignKey("leads.id", ondelete="CASCADE"), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    cell: Mapped[int] = mapped_column(BigInteger)
    watcher: Mapped[str] = mapped_column(String(400))
    """The camera that saw it; the lead's own id for what people report."""
    until: Mapped[datetime]
    """End of what was seen; the year 9999 while it stands."""


class MergeSuggestion(Base):
    """Two cases that may be one occurrence, for people to say."""

    __tablename__ = "merge_suggestions"
    __table_args__ = (UniqueConstraint("case_id", "into_case_id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    """The younger; once accepted, the one that went into the other."""
    into_case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    score: Mapped[float]
    parts: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(10), index=True)
    """``open``, ``accepted``, ``dismissed``, or ``lapsed`` when one of the two was over before."""
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(150))
