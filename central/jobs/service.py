"""What happens to a job: queued, taken up under a lease, renewed, and ended once.

Whoever takes a job up gets a lease and a holder of its own. Its result is written in the unit of work that
ends the job, and only while that holder still has it: an attempt that was given up for dead and comes back
writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import structlog
from sqlalchemy.orm import Session

from central.database import Database
from central.jobs import repository
from central.jobs.models import Job, JobState
from kerbwatch.ids import new_id

log = structlog.get_logger(__name__)

Writing = Callable[[Session], None]
"""Writes what a job came to, in the unit of work (``ordered=True``) that ends it."""


class JobError(Exception):
    """This attempt came to nothing; the text says why, for people. It is tried as often as it may be."""


class LeaseLostError(Exception):
    """The lease ran out and another has the job, or has ended it: nothing was written."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How jobs are worked at.

    Attributes:
        lease_s: after so long without a renewal a job is taken for abandoned.
        most_attempts: so often it is begun at most.
        wait_s: before the second attempt; doubles with each further one.
    """

    lease_s: float = 60.0
    most_attempts: int = 3
    wait_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that this attempt has."""

    job_id: str
    kind: str
    subject_id: str
    holder: str
    attempt: int
    """From 1."""
    spent: bool
    """It was begun as often as it may be, and whoever had it never came back: it can only be given up."""


def enqueue(session: Session, kind: str, subject_id: str, now: datetime) -> None:
    """Put a job into the queue; nothing happens when there is one already."""
    if repository.of(session, kind, subject_id) is not None:
        return
    session.add(
        Job(
            id=new_id(),
            kind=kind,
            subject_id=subject_id,
            state=JobState.QUEUED.value,
            attempts=0,
            progress=0.0,
            due_at=now,
            holder=None,
            error=None,
            created_at=now,
            started_at=None,
            finished_at=None,
        )
    )


def claim(database: Database, now: datetime, terms: Terms) -> Claim | None:
    """Take up the job that has waited longest; None when there is nothing to do."""
    with database.read() as session:
        if not repository.is_due(session, now):
            return None
    with database.write() as session:
        job = repository.next_due(session, now)
        if job is None:
            return None
        spent = job.attempts >= terms.most_attempts
        job.attempts += 0 if spent else 1
        job.state, job.holder, job.progress = JobState.RUNNING.value, str(uuid4()), 0.0
        job.due_at = now + timedelta(seconds=terms.lease_s)
        job.started_at = job.started_at or now
        return Claim(job.id, job.kind, job.subject_id, job.holder, job.attempts, spent)


def renew(database: Database, mine: Claim, progress: float, now: datetime, terms: Terms) -> None:
    """Keep a job, and say how far it is (0..1). Raises LeaseLostError."""
    with database.write() as session:
        job = _mine(session, mine)
        job.progress, job.due_at = progress, now + timedelta(seconds=terms.lease_s)


def finish(database: Database, mine: Claim, write: Writing, now: datetime) -> None:
    """Write what a job came to and end it, in one unit of work. Raises LeaseLostError."""
    with database.write(ordered=True) as session:
        job = _mine(session, mine)
        write(session)
        job.state, job.progress, job.holder = JobState.DONE.value, 1.0, None
        job.error, job.finished_at = None, now


def hand_back(database: Database, mine: Claim, now: datetime) -> None:
    """Leave a job to whoever comes next, as if this attempt had not been. Raises LeaseLostError."""
    with database.write() as session:
        job = _mine(session, mine)
        job.state, job.holder, job.progress = JobState.QUEUED.value, None, 0.0
        job.attempts, job.due_at = job.attempts - 1, now


def come_to_nothing(
    database: Database, mine: Claim, why: str, *, give_up: Writing, now: datetime, terms: Terms
) -> bool:
    """This attempt came to nothing: it waits for the next one, or is given up when there is none.

    Args:
        database: of the job.
        mine: this attempt.
        why: what kept it, for people.
        give_up: writes what becomes of the job's subject without it.
        now: the present instant.
        terms: how often, and how long between.

    Returns:
        Whether it was given up.

    Raises:
        LeaseLostError: another has it.
    """
    with database.write(ordered=True) as session:
        job = _mine(session, mine)
        job.error, job.holder, job.progress = why, None, 0.0
        if job.attempts < terms.most_attempts:
            job.state = JobState.QUEUED.value
            job.due_at = now + timedelta(seconds=terms.wait_s * 2 ** (job.attempts - 1))
            return False
        give_up(session)
        job.state, job.finished_at = JobState.FAILED.value, now
        return True


def _mine(session: Session, mine: Claim) -> Job:
    job = repository.held_by(session, mine.job_id, mine.holder)
    if job is None:
        raise LeaseLostError(f"job {mine.job_id} is another's by now")
    return job
