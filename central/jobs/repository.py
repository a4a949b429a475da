"""All SQL about jobs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from central.jobs.models import Job, JobState

_WAITING = (JobState.QUEUED.value, JobState.RUNNING.value)


def of(session: Session, kind: str, subject_id: str) -> Job | None:
    """The job of a kind for a subject."""
    return session.scalar(select(Job).where(Job.kind == kind, Job.subject_id == subject_id))


def is_due(session: Session, now: datetime) -> bool:
    """Whether there is anything to take up."""
    return session.scalar(_due(now).with_only_columns(Job.id)) is not None


def next_due(session: Session, now: datetime) -> Job | None:
    """The job that has waited longest, held for this unit of work; one held by another is passed over."""
    return session.scalar(_due(now).with_for_update(skip_locked=True))


def held_by(session: Session, job_id: str, holder: str) -> Job | None:
    """A job, if this attempt still has it; held for this unit of work."""
    query = select(Job).where(Job.id == job_id, Job.holder == holder, Job.state == JobState.RUNNING)
    return session.scalar(query.with_for_update())


def waiting(session: Session) -> int:
    """How many jobs are queued or running."""
    return session.scalar(select(func.count()).select_from(Job).where(Job.state.in_(_WAITING))) or 0


def _due(now: datetime) -> Select[Job]:
    query = select(Job).where(Job.state.in_(_WAITING), Job.due_at <= now)
    return query.order_by(Job.due_at, Job.id).limit(1)
