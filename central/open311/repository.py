"""All SQL of the Open311 endpoint."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from central.cases.models import Case, Lead, Ticket
from central.cases.rules import OVER, Origin
from central.open311.models import Open311Key
from central.reports.models import Report, ReportState

_IS_OVER: ColumnElement[bool] = or_(
    Report.state == ReportState.REFUSED.value, Case.state.in_([state.value for state in OVER])
)


class Found(NamedTuple):
    """What is told of a report, with what became of it; what is None has not come to that yet."""

    id: str
    kind: str
    words: str
    road: str | None
    lat: float | None
    lon: float | None
    state: str
    refusal: str | None
    lead_id: str | None
    received_at: datetime
    updated_at: datetime
    case_state: str | None
    case_updated_at: datetime | None
    closed_at: datetime | None
    unit_name: str | None
    due_at: datetime | None
    dispatched_at: datetime | None


def _query() -> Select[*tuple[Any, ...]]:
    leads = and_(Ticket.case_id == Case.id, Ticket.leads, Ticket.state != "voided")
    # Columns alone: a page has 1,000 reports, and objects of each cost more than their SQL.
    return (
        select(
            Report.id,
            Report.kind,
            Report.words,
            Report.road,
            Report.lat,
            Report.lon,
            Report.state,
            Report.refusal,
            Report.lead_id,
            Report.received_at,
            Report.updated_at,
            Case.state,
            Case.updated_at,
            Case.closed_at,
            Ticket.unit_name,
            Ticket.due_at,
            Ticket.dispatched_at,
        )
        .outerjoin(Lead, Lead.id == Report.lead_id)
        .outerjoin(Case, Case.id == Lead.case_id)
        .outerjoin(Ticket, leads)
        .where(Report.channel == Origin.OPEN311.value)
    )


def requests(
    session: Session,
    *,
    since: datetime,
    until: datetime,
    kinds: Collection[str],
    over: bool | None,
    offset: int,
    limit: int,
) -> Sequence[Found]:
    """Reports that came in within a span of time, newest first; ``over`` None: whether or not it is."""
    query = _query().where(Report.received_at >= since, Report.received_at <= until)
    if kinds:
        query = query.where(Report.kind.in_(kinds))
    if over is not None:
        # "not" of what is NULL would be NULL: a report that is no lead yet has no case, and is open.
        query = query.where(
            _IS_OVER if over else and_(Report.state != "refused", or_(Case.id.is_(None), ~_IS_OVER))
        )
    query = query.order_by(Report.received_at.desc(), Report.id.desc()).offset(offset).limit(limit)
    return [Found._make(row) for row in session.execute(query)]


def by_ids(session: Session, ids: Collection[str]) -> Sequence[Found]:
    """Some reports, newest first."""
    query = _query().where(Report.id.in_(ids)).order_by(Report.received_at.desc(), Report.id.desc())
    return [Found._make(row) for row in session.execute(query)]


def key_by_hash(session: Session, key_hash: str) -> Open311Key | None:
    """A key that is in use."""
    query = select(Open311Key).where(Open311Key.key_hash == key_hash, Open311Key.revoked_at.is_(None))
    return session.scalar(query)


def keys(session: Session) -> Sequence[Open311Key]:
    """Every key, the oldest first."""
    return session.scalars(select(Open311Key).order_by(Open311Key.id)).all()


def key(session: Session, key_id: str) -> Open311Key | None:
    """A key by its id."""
    return session.get(Open311Key, key_id)
