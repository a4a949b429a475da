"""All SQL about rulings."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, literal, select, tuple_
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


def numbers(session: Session) -> frozenset[str]:
    """The number of every ruling that was given."""
    return frozenset(session.scalars(select(Ruling.number)))


def rulings(session: Session, limit: int, before: str | None = None) -> Sequence[Ruling]:
    """Rulings, the newest first; those after number ``before`` in this order, none where there is no such."""
    query = select(Ruling).order_by(Ruling.ruled_at.desc(), Ruling.number.desc()).limit(limit)
    if before is not None:
        last = session.get(Ruling, before)
        if last is None:
            return []
        query = query.where(
            tuple_(Ruling.ruled_at, Ruling.number)
            < tuple_(literal(last.ruled_at, Ruling.ruled_at.type), before)
        )
    return session.scalars(query).all()
