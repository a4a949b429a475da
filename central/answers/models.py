"""Tables of answers to people, and of their way to them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from central.database import Base, BigKey


class Outcome(StrEnum):
    """What became of a report."""

    REJECTED = "rejected"
    """It was looked at, from the desk or at the place, and is no case."""
    TOGETHER = "together"
    """It is dealt with together with another report; the final answer follows."""
    HANDLED = "handled"
    """It was dealt with, and that was checked."""
    AGAIN = "again"
    """It was answered, and its case is open again; another final answer follows."""


class Answer(Base):
    """An answer to one lead of a person. The database refuses to change or delete it."""

    __tablename__ = "answers"
    __table_args__ = (
        Index("ix_answers_lead_id", "lead_id"),
        Index(
            "uq_answers_lead_id_case_id_together",
            "lead_id",
            "case_id",
            unique=True,
            sqlite_where=text("outcome = 'together'"),
            postgresql_where=text("outcome = 'together'"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    lead_id: Mapped[str] = mapped_column(ForeignKey("leads.id"))
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    """The case that ended with it."""
    outcome: Mapped[str] = mapped_column(String(20))
    reason_code: Mapped[str | None] = mapped_column(String(40))
    final: Mapped[bool]
    """Whether nothing more follows; a lead has one final answer, and one more for each time that its case was
    opened again (see :class:`FinalAnswer`)."""
    words: Mapped[str] = mapped_column(Text)
    """For whoever reported it. Names no person."""
    given_at: Mapped[datetime]


class FinalAnswer(Base):
    """That a lead has its final answer: once, and once more for each time that its case was opened again."""

    __tablename__ = "final_answers"

    lead_id: Mapped[str] = mapped_column(ForeignKey("leads.id"), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True)
    """How often the case had been opened again when it was given."""
    answer_id: Mapped[int] = mapped_column(ForeignKey("answers.id"), unique=True)


class Delivery(Base):
    """An answer that is on its way to somebody's phone or e-mail. It is there to be read in any case."""

    __tablename__ = "answer_deliveries"
    __table_args__ = (Index("ix_answer_deliveries_state_next_try_at", "state", "next_try_at"),)

    answer_id: Mapped[int] = mapped_column(ForeignKey("answers.id"), primary_key=True)
    reporter_ref: Mapped[str] = mapped_column(ForeignKey("reporters.ref"), index=True)
    state: Mapped[str] = mapped_column(String(20))
    """``waiting``, ``sent``, ``given_up`` or ``unwanted``."""
    tries: Mapped[int]
    next_try_at: Mapped[datetime]
    updated_at: Mapped[datetime]
