"""All SQL of merging."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, delete, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from central.bulk import among
from central.cases.models import Case, Lead
from central.cases.rules import CaseState
from central.database import UtcTimestamp
from central.insight.models import CaseFact
from central.merging.models import MergeSuggestion, OpenLead
from central.merging.scoring import FOREVER

_MOST_OF_A_CAMERA = 20
"""Of one camera at most its newest so many leads in a cell are looked at: more do not stand before it."""

_COUNTS = (
    "id",
    "kind",
    "origin",
    "source",
    "camera_id",
    "lon",
    "lat",
    "place_method",
    "accuracy_m",
    "started_at",
    "plate",
    "object_class",
    "box",
    "words",
    "road",
    "reporter_ref",
)
"""Columns of a lead that :func:`central.merging.intake.spot_of` asks for: whole leads are far dearer."""


_PLACED = (
    "kind",
    "origin",
    "source",
    "camera_id",
    "reporter_ref",
    "lon",
    "lat",
    "place_method",
    "accuracy_m",
    "started_at",
)
"""Columns that :func:`central.merging.intake.seen_of` asks for."""


class Search(NamedTuple):
    """Where and how far back to look for leads of a kind."""

    cells: Collection[int]
    since: datetime


class Near(NamedTuple):
    """A lead of an open case, with its case in short."""

    lead_id: str
    revision: int | None
    """What counts of an open case's lead changes with it alone; None for what people report."""
    until: datetime | None
    """None while it stands."""
    case_id: str
    state: str
    version: int
    urgent: bool
    open_group: str | None


def leads_near(session: Session, searches: Mapping[str, Search]) -> list[Near]:
    """The leads of open cases within reach, by kind. One query, whatever the number of cases."""
    where = [
        and_(
            OpenLead.kind == kind, among(session, OpenLead.cell, search.cells), OpenLead.until >= search.since
        )
        for kind, search in searches.items()
    ]
    if not where:
        return []
    place = func.row_number().over(
        partition_by=(OpenLead.kind, OpenLead.cell, OpenLead.watcher),
        order_by=(OpenLead.until.desc(), OpenLead.lead_id.desc()),
    )
    found = select(OpenLead.lead_id, OpenLead.until, place.label("place")).where(or_(*where)).subquery()
    lead, case = Lead.__table__.c, Case.__table__.c
    query = (
        select(lead.id, lead.revision, func.nullif(found.c.until, FOREVER, type_=UtcTimestamp()))
        .add_columns(case.id, case.state, case.version, case.urgent, case.open_group)
        .join_from(found, Lead.__table__, lead.id == found.c.lead_id)
        .join(Case.__table__, case.id == lead.case_id)
        .where(found.c.place <= _MOST_OF_A_CAMERA)
    )
    return [Near._make(row) for row in session.connection().execute(query).all()]


def leads_of(session: Session, lead_ids: Collection[str]) -> list[Mapping[str, Any]]:
    """What counts for merging of some leads: the columns that ``spot_of`` asks for."""
    if not lead_ids:
        return []
    lead = Lead.__table__.c
    query = select(*(lead[name] for name in _COUNTS)).where(among(session, Lead.id, lead_ids))
    return [dict(zip(_COUNTS, row, strict=True)) for row in session.connection().execute(query).all()]


def cases_by_cell(
    session: Session, first: date, before: date
) -> tuple[date | None, dict[str, dict[int, int]]]:
    """The cases of some days as they were counted, by kind and cell of the grid of hot-spots.

    Returns:
        The first of these days that has any, None for none; and the counts.
    """
    fact = CaseFact.__table__.c
    days = fact.occurred_day >= first, fact.occurred_day < before
    begun = session.scalar(select(func.min(fact.occurred_day)).where(*days))
    query = select(fact.kind, fact.cell, func.count()).where(*days, fact.state != CaseState.MERGED.value)
    counts: dict[str, dict[int, int]] = {}
    for kind, cell, count in session.execute(query.group_by(fact.kind, fact.cell)):
        counts.setdefault(kind, {})[cell] = count
    return begun, counts


def leads_since(session: Session, since: datetime, until: datetime, most: int) -> list[Mapping[str, Any]]:
    """The newest leads of what began in a span: the columns that tell where, when and by whom."""
    lead = Lead.__table__.c
    columns = [lead[name] for name in _PLACED]
    newest = select(*columns).order_by(lead.id.desc()).limit(most).subquery()
    query = newest.select().where(newest.c.started_at >= since, newest.c.started_at < until)
    return [dict(row) for row in session.connection().execute(query).mappings()]


def put_ends(session: Session, ends: Mapping[str, datetime]) -> None:
    """What some leads tell of stands no longer."""
    if ends:
        table = OpenLead.__table__
        query = (
            update(OpenLead)
            .where(table.c.lead_id == bindparam("of_lead"))
            .values(until=bindparam("at"))
            .execution_options(synchronize_session=False)
        )
        rows = [{"of_lead": lead_id, "at": at} for lead_id, at in ends.items()]
        session.connection().execute(query, rows)


def forget(session: Session, case_id: str) -> None:
    """A case is over: nothing joins it any more, and what was suggested of it lapses."""
    session.execute(delete(OpenLead).where(OpenLead.case_id == case_id))
    session.execute(
        update(MergeSuggestion)
        .where(MergeSuggestion.state == "open")
        .where(or_(MergeSuggestion.case_id == case_id, MergeSuggestion.into_case_id == case_id))
        .values(state="lapsed")
    )


def move_leads(session: Session, lead_ids: Collection[str], case_id: str) -> None:
    """Leads belong to another open case from now on."""
    session.execute(update(OpenLead).where(OpenLead.lead_id.in_(lead_ids)).values(case_id=case_id))


def suggestion(session: Session, suggestion_id: int) -> MergeSuggestion | None:
    """A suggestion by its number."""
    return session.get(MergeSuggestion, suggestion_id)


def suggestions(
    session: Session,
    *,
    state: str,
    case_id: str | None = None,
    before: int | None = None,
    limit: int = 100,
    areas: frozenset[str] | None = None,
) -> Sequence[MergeSuggestion]:
    """Suggestions in a state, the newest first; of one case, of cases in some areas, where they are named."""
    query = select(MergeSuggestion).where(MergeSuggestion.state == state)
    if before is not None:
        query = query.where(MergeSuggestion.id < before)
    if areas is not None:
        for column in (MergeSuggestion.case_id, MergeSuggestion.into_case_id):
            row = aliased(Case)
            query = query.join(row, row.id == column).where(row.area_id.in_(sorted(areas)))
    if case_id is not None:
        query = query.where(or_(MergeSuggestion.case_id == case_id, MergeSuggestion.into_case_id == case_id))
    return session.scalars(query.order_by(MergeSuggestion.id.desc()).limit(limit)).all()


def between(session: Session, case_id: str, other_id: str) -> MergeSuggestion | None:
    """What was suggested of two cases, whichever is the younger."""
    query = select(MergeSuggestion).where(
        MergeSuggestion.case_id.in_((case_id, other_id)),
        MergeSuggestion.into_case_id.in_((case_id, other_id)),
    )
    return session.scalars(query).first()
