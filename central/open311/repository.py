"""All SQL of the Open311 endpoint."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session, aliased

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


def _told_of(page: Select[Report]) -> Select[*tuple[Any, ...]]:
    """What is told of the reports of a page, in its order.

    Columns alone: a page has 1,000 reports, and objects of each cost more than their SQL. The page first:
    else a database gathers what is told for every report of the span.
    """
    report = aliased(Report, page.subquery())
    leads = and_(Ticket.case_id == Case.id, Ticket.leads, Ticket.state != "voided")
    return (
        select(
            report.id,
            report.kind,
            report.words,
            report.road,
            report.lat,
            report.lon,
            report.state,
            report.refusal,
            report.lead_id,
            report.received_at,
            report.updated_at,
            Case.state,
            Case.updated_at,
            Case.closed_at,
            Ticket.unit_name,
            Ticket.due_at,
            Ticket.dispatched_at,
        )
        .outerjoin(Lead, Lead.id == report.lead_id)
        .outerjoin(Case, Case.id == Lead.case_id)
        .outerjoin(Ticket, leads)
        .order_by(report.received_at.desc(), report.id.desc())
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
    page = select(Report).where(
        Report.channel == Origin.OPEN311.value, Report.received_at >= since, Report.received_at <= until
    )
    if kinds:
        page = page.where(Report.kind.in_(kinds))
    if over is not None:
        # "not" of what is NULL would be NULL: a report that is no lead yet has no case, and is open.
        page = page.outerjoin(Lead, Lead.id == Report.lead_id).outerjoin(Case, Case.id == Lead.case_id)
        page = page.where(
            _IS_OVER if over else and_(Report.state != "refused", or_(Case.id.is_(None), ~_IS_OVER))
        )
    page = page.order_by(Report.received_at.desc(), Report.id.desc()).offset(offset).limit(limit)
    return [Found._make(row) for row in session.execute(_told_of(page))]


def by_ids(session: Session, ids: Collection[str]) -> Sequence[Found]:
    """Some reports, newest first."""
    page = select(Report).where(Report.channel == Origin.OPEN311.value, Report.id.in_(ids))
    return [Found._make(row) for row in session.execute(_told_of(page))]


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
