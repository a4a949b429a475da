"""Table of jobs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from central.database import Base


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """It was tried as often as it may be; ``error`` says what kept it, in words for people."""


class Job(Base):
    """Something to do once, however many copies of central there are and whichever of them die over it."""

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("kind", "subject_id"),
        Index("ix_jobs_state_due_at", "state", "due_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(36))
    """What it is about: the id of a report, say. One job of a kind for each."""
    state: Mapped[str] = mapped_column(String(20))
    attempts: Mapped[int]
    """How often it was begun."""
    progress: Mapped[float]
    """How much of it is done, 0..1."""
    due_at: Mapped[datetime]
    """Not before then while it is queued; the end of its lease while it runs: then another takes it up."""
    holder: Mapped[str | None] = mapped_column(String(36))
    """Stands for this one attempt; who holds another can change nothing."""
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
