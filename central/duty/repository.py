"""All SQL about units and the duty list."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session

from central.duty.models import DutyEntry, DutyList, Unit


def in_force_at(now: datetime | BindParameter[datetime]) -> Select[DutyList]:
    """The query for the version of the list that is in force at ``now``.

    Where each is over, the one that was over last stays in force: somebody must lead on every day.
    """
    over = case((_valid_at(now), None), else_=DutyList.valid_until)
    return (
        select(DutyList)
        .where(DutyList.in_force_since <= now)
        .order_by(
            over.is_(None).desc(),
            over.desc(),
            DutyList.in_force_since.desc(),
            DutyList.imported_at.desc(),
            DutyList.id.desc(),
        )
        .limit(1)
    )


def _valid_at(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    return or_(DutyList.valid_until.is_(None), DutyList.valid_until > now)


def valid_at(session: Session, now: datetime) -> DutyList | None:
    """The version that is in force at ``now`` and not over; None where none is."""
    return session.scalar(in_force_at(now).where(_valid_at(now)))


def in_force(session: Session, now: datetime) -> DutyList | None:
    """The version of the list that is in force at ``now``."""
    return session.scalar(in_force_at(now))


def standing(session: Session, now: datetime) -> list[DutyList]:
    """The version in force at ``now``, if there is one, and those that are to come."""
    coming = session.scalars(
        select(DutyList).where(DutyList.in_force_since > now).order_by(DutyList.in_force_since, DutyList.id)
    )
    current = in_force(session, now)
    return [*([current] if current else []), *coming]


def versions(session: Session) -> Sequence[DutyList]:
    """Every version, the newest first."""
    return session.scalars(
        select(DutyList).order_by(DutyList.in_force_since.desc(), DutyList.id.desc())
    ).all()


def by_hash(session: Session, sha256: str) -> DutyList | None:
    """The version that came from a file with this hash."""
    return session.scalar(select(DutyList).where(DutyList.sha256 == sha256))


def last_of_source(session: Session, source: str) -> DutyList | None:
    """The version that was taken from a file last."""
    query = select(DutyList).where(DutyList.source == source).order_by(DutyList.imported_at.desc()).limit(1)
    return session.scalar(query)


LAST_RULED = select(func.max(DutyEntry.id)).where(DutyEntry.list_id.is_(None))
"""The query for :func:`last_ruled`."""


def last_ruled(session: Session) -> int | None:
    """The newest entry that a ruling made; changes with each such ruling."""
    return session.scalar(LAST_RULED)


def entries_with_rulings(session: Session, list_id: int) -> Sequence[DutyEntry]:
    """Every entry of one version of the list, and those that rulings made."""
    query = select(DutyEntry).where(or_(DutyEntry.list_id == list_id, DutyEntry.list_id.is_(None)))
    return session.scalars(query.order_by(DutyEntry.id)).all()


def entry(session: Session, entry_id: int) -> DutyEntry | None:
    """An entry of any version."""
    return session.get(DutyEntry, entry_id)


def entries_by_id(session: Session, ids: Collection[int]) -> dict[int, DutyEntry]:
    """Entries of any version."""
    return {each.id: each for each in session.scalars(select(DutyEntry).where(DutyEntry.id.in_(ids)))}


def ruled_entries(session: Session, item_id: str, area_id: str) -> Sequence[DutyEntry]:
    """What rulings made for an item in an area."""
    query = select(DutyEntry).where(
        DutyEntry.list_id.is_(None), DutyEntry.item_id == item_id, DutyEntry.area_id == area_id
    )
    return session.scalars(query).all()


def ruled_and_holding(session: Session, now: datetime) -> Sequence[DutyEntry]:
    """What rulings made and no later one has ended, for every item and area."""
    holds = or_(DutyEntry.valid_until.is_(None), DutyEntry.valid_until > now)
    query = select(DutyEntry).where(DutyEntry.list_id.is_(None), holds)
    return session.scalars(query.order_by(DutyEntry.id)).all()


def units(session: Session) -> Sequence[Unit]:
    """Every unit, by id."""
    return session.scalars(select(Unit).order_by(Unit.id)).all()
