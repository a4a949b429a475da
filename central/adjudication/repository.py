"""All SQL about rulings."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.adjudication.models import Ruling


def next_number(session: Session, year: int) -> str:
    """The number of the next ruling of a year. Needs ``ordered=True``, so that two are not given the same."""
    # The longest first: after 9999 come five digits.
    query = (
        select(Ruling.number)
        .where(Ruling.number.like(f"{year:04d}-%"))
        .order_by(func.length(Ruling.number).desc(), Ruling.number.desc())
        .limit(1)
    )
    last = session.scalar(query)
    return f"{year:04d}-{int(last.partition('-')[2]) + 1 if last else 1:04d}"


def rulings(session: Session, limit: int) -> Sequence[Ruling]:
    """Rulings, the newest first."""
    query = select(Ruling).order_by(Ruling.ruled_at.desc(), Ruling.number.desc()).limit(limit)
    return session.scalars(query).all()
