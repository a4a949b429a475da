"""All SQL about reports."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.reports.models import Report


def by_id(session: Session, report_id: str) -> Report | None:
    """A report, with its row held for this unit of work."""
    return session.scalar(select(Report).where(Report.id == report_id).with_for_update())


def by_number(session: Session, source: str, external_id: str) -> Report | None:
    """The report that ``source`` gave a number."""
    return session.scalar(select(Report).where(Report.source == source, Report.external_id == external_id))


def by_follow_hash(session: Session, follow_hash: str) -> Report | None:
    """The report that a follow token is of."""
    return session.scalar(select(Report).where(Report.follow_hash == follow_hash))
