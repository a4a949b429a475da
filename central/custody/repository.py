"""All SQL about the chain, its heads and holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.custody.models import CustodyEntry, CustodyHead, LegalHold

_PAGE_ROWS = 2000


def tip(session: Session) -> CustodyEntry | None:
    """The newest entry."""
    return session.scalars(select(CustodyEntry).order_by(CustodyEntry.number.desc()).limit(1)).first()


def entry(session: Session, number: int) -> CustodyEntry | None:
    """An entry by its number."""
    return session.get(CustodyEntry, number)


def entries_from(session: Session, number: int) -> Iterator[CustodyEntry]:
    """Entries from a number on, in order, a page at a time."""
    while True:
        query = select(CustodyEntry).where(CustodyEntry.number >= number).order_by(CustodyEntry.number)
        page = session.scalars(query.limit(_PAGE_ROWS)).all()
        yield from page
        if len(page) < _PAGE_ROWS:
            return
        number = page[-1].number + 1
        session.expunge_all()


def first_since(session: Session, since: datetime) -> int | None:
    """Number of the first entry that was made at ``since`` or later."""
    return session.scalar(select(func.min(CustodyEntry.number)).where(CustodyEntry.at >= since))


def newest_of(session: Session, subject: str, kind: str) -> CustodyEntry | None:
    """The newest entry of a kind about something."""
    query = select(CustodyEntry).where(CustodyEntry.subject == subject, CustodyEntry.kind == kind)
    return session.scalars(query.order_by(CustodyEntry.number.desc()).limit(1)).first()


def kinds_after(session: Session, subject: str, number: int) -> frozenset[str]:
    """Kinds of the entries about something beyond a number."""
    query = select(CustodyEntry.kind).where(CustodyEntry.subject == subject, CustodyEntry.number > number)
    return frozenset(session.scalars(query.distinct()))


def entries_about(session: Session, subjects: Collection[str], limit: int) -> Sequence[CustodyEntry]:
    """Entries about some things, the newest first."""
    query = select(CustodyEntry).where(CustodyEntry.subject.in_(subjects))
    return session.scalars(query.order_by(CustodyEntry.number.desc()).limit(limit)).all()


def counts_about(session: Session, subjects: Collection[str]) -> dict[str, int]:
    """How many entries there are about each of some things that have any."""
    query = select(CustodyEntry.subject, func.count()).where(CustodyEntry.subject.in_(subjects))
    rows = session.execute(query.group_by(CustodyEntry.subject))
    return {subject: count for subject, count in rows}  # noqa: C416 - a Result is no mapping, though it has keys()


def of_kind(session: Session, kind: str) -> Sequence[CustodyEntry]:
    """Every entry of a kind, in order. For kinds of which there are few."""
    query = select(CustodyEntry).where(CustodyEntry.kind == kind)
    return session.scalars(query.order_by(CustodyEntry.number)).all()


def newest_head(session: Session) -> CustodyHead | None:
    """The head that was signed last."""
    return session.scalars(select(CustodyHead).order_by(CustodyHead.id.desc()).limit(1)).first()


def has_head(session: Session, number: int, signature: str) -> bool:
    """Whether an entry's head with a signature is there."""
    query = select(CustodyHead.id).where(CustodyHead.number == number, CustodyHead.signature == signature)
    return session.scalars(query.limit(1)).first() is not None


def head_after(session: Session, number: int, before: datetime) -> CustodyHead | None:
    """The first head of an entry beyond a number, if it was signed before an instant."""
    query = select(CustodyHead).where(CustodyHead.number > number, CustodyHead.at < before)
    return session.scalars(query.order_by(CustodyHead.number, CustodyHead.id).limit(1)).first()


def newest_heads_of(session: Session, key_ids: Collection[str]) -> Iterator[CustodyHead]:
    """Heads that were signed with some keys, the newest first."""
    query = select(CustodyHead).where(CustodyHead.key_id.in_(key_ids)).order_by(CustodyHead.id.desc())
    yield from session.scalars(query.execution_options(yield_per=100))


def heads_from(session: Session, number: int) -> Iterator[CustodyHead]:
    """Signed heads of entries from a number on, in the order of signing."""
    last_id = 0
    while True:
        query = select(CustodyHead).where(CustodyHead.id > last_id, CustodyHead.number >= number)
        page = session.scalars(query.order_by(CustodyHead.id).limit(_PAGE_ROWS)).all()
        yield from page
        if len(page) < _PAGE_ROWS:
            return
        last_id = page[-1].id


def hold_on(session: Session, case_id: str) -> LegalHold | None:
    """The hold that stands on a case."""
    query = select(LegalHold).where(LegalHold.case_id == case_id, LegalHold.lifted_at.is_(None))
    return session.scalars(query).first()


def held(session: Session, case_ids: Collection[str]) -> frozenset[str]:
    """Of some cases those on which a hold stands."""
    if not case_ids:
        return frozenset()
    query = select(LegalHold.case_id).where(LegalHold.case_id.in_(case_ids), LegalHold.lifted_at.is_(None))
    return frozenset(session.scalars(query))


def holds_of(session: Session, case_id: str) -> Sequence[LegalHold]:
    """Every hold that a case ever had, the newest first."""
    query = select(LegalHold).where(LegalHold.case_id == case_id)
    return session.scalars(query.order_by(LegalHold.id.desc())).all()


def holds(session: Session) -> Sequence[LegalHold]:
    """Every hold that ever stood."""
    return session.scalars(select(LegalHold).order_by(LegalHold.id)).all()
