"""All SQL about calendars."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.calendar.models import Calendar


def in_force(session: Session) -> Calendar | None:
    """The version that is in force."""
    query = select(Calendar).order_by(Calendar.in_force_since.desc(), Calendar.id.desc()).limit(1)
    return session.scalar(query)


def by_id(session: Session, calendar_id: int) -> Calendar | None:
    """One version."""
    return session.get(Calendar, calendar_id)
