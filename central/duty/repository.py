"""All SQL about units and the duty list."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.duty.models import DutyEntry, DutyList, Unit


def in_force(session: Session) -> DutyList | None:
    """The version of the list that is in force."""
    query = select(DutyList).order_by(DutyList.in_force_since.desc(), DutyList.id.desc()).limit(1)
    return session.scalar(query)


def by_hash(session: Session, sha256: str) -> DutyList | None:
    """The version that came from a file with this hash."""
    return session.scalar(select(DutyList).where(DutyList.sha256 == sha256))


def all_entries(session: Session, list_id: int) -> Sequence[DutyEntry]:
    """Every entry of one version of the list."""
    return session.scalars(select(DutyEntry).where(DutyEntry.list_id == list_id)).all()


def units(session: Session) -> Sequence[Unit]:
    """Every unit, by id."""
    return session.scalars(select(Unit).order_by(Unit.id)).all()
