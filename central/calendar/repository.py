"""All SQL about calendars."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.calendar.models import Calendar

IN_FORCE = select(Calendar).order_by(Calendar.in_force_since.desc(), Calendar.id.desc()).limit(1)
"""The query for :func:`in_force`."""


def in_force(session: Session) -> Calendar | None:
    """The version that is in force."""
    return session.scalar(IN_FORCE)


def by_id(session: Session, calendar_id: int) -> Calendar | None:
    """One version."""
    return session.get(Calendar, calendar_id)
