"""All SQL of merging."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Subquery, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from central.bulk import among
from central.cases.models import Case, CaseEvent, Lead
from central.cases.rules import CaseState
from central.insight.models import CaseFact
from central.intake.models import StoredEvent
from central.merging.ground import MOST_OF_A_CAMERA, Head
from central.merging.models import MergeSuggestion, OpenLead
from kerbwatch.messages import EventType

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
    "corrections",
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

_LOOKED_FOR = (OpenLead.lead_id, OpenLead.kind, OpenLead.cell, OpenLead.until)


class Near(NamedTuple):
    """A lead of an open case: as what and where it is looked for, its case in short, what counts of it."""

    kind: str
    cell: int
    until: datetime
    head: Head
    lead: Mapping[str, Any]
    """The columns that ``spot_of`` asks for."""


def leads_in(session: Session, searches: Mapping[str, tuple[Collection[int], datetime]]) -> list[Near]:
    """By kind, the leads of open cases in some cells that ended no earlier than some instant, or stand."""
    place = func.row_number().over(
        partition_by=(OpenLead.kind, OpenLead.cell, OpenLead.watcher),
        order_by=(OpenLead.until.desc(), OpenLead.lead_id.desc()),
    )
    where = or_(
        *(
            and_(OpenLead.kind == kind, among(session, OpenLead.cell, cells), OpenLead.until >= since)
            for kind, (cells, since) in searches.items()
        )
    )
    found = select(*_LOOKED_FOR, place.label("place")).where(where)
    ranked = found.subquery()
    return _near(session, ranked, ranked.c.place <= MOST_OF_A_CAMERA)


def leads_of(session: Session, case_ids: Collection[str]) -> list[Near]:
    """The leads of some cases, of those that are open."""
    found = select(*_LOOKED_FOR)
    return _near(session, found.where(among(session, OpenLead.case_id, case_ids)).subquery())


def _near(session: Session, found: Subquery, *where: ColumnElement[bool]) -> list[Near]:
    lead, case = Lead.__table__.c, Case.__table__.c
    query = (
        select(found.c.kind, found.c.cell, found.c.until)
        .add_columns(*(case[name] for name in Head._fields))
        .add_columns(*(lead[name] for name in _COUNTS))
        .join_from(found, Lead.__table__, lead.id == found.c.lead_id)
        .join(Case.__table__, case.id == lead.case_id)
        .where(*where)
    )
    ends = 3 + len(Head._fields)
    return [
        Near(row[0], row[1], row[2], Head._make(row[3:ends]), dict(zip(_COUNTS, row[ends:], strict=True)))
        for row in session.connection().execute(query).all()
    ]


class Line(NamedTuple):
    """A line of the log, and enough of it to tell it from another that might have got its number."""

    id: int
    case_id: str
    at: datetime | None


class Mark(NamedTuple):
    """How far units of work have come: their newest line in the log, and the newest event."""

    line: Line
    event: int


NO_LINE = Line(0, "", None)
"""Before the first."""
_LINE = [CaseEvent.__table__.c[name] for name in Line._fields]
_IS_REVISION = or_(
    StoredEvent.type.in_((EventType.INCIDENT_UPDATED.value, EventType.INCIDENT_CLEARED.value)),
    and_(
        StoredEvent.type == EventType.INCIDENT_OPENED.value,
        StoredEvent.payload.not_like('%"revision":1,%'),
    ),
)
_NEWEST_EVENT = select(func.coalesce(func.max(StoredEvent.id), 0)).scalar_subquery()


def newest(session: Session) -> Mark:
    """Where log and events end now."""
    query = select(_NEWEST_EVENT, *_LINE).order_by(CaseEvent.id.desc()).limit(1)
    row = session.connection().execute(query).first()
    if row is None:
        return Mark(NO_LINE, session.connection().execute(select(_NEWEST_EVENT)).scalar_one())
    return Mark(Line._make(row[1:]), row[0])


def lines_from(session: Session, first: int, most: int) -> list[Line]:
    """Lines of the log from a number on, in their order."""
    query = select(*_LINE).where(CaseEvent.id >= first).order_by(CaseEvent.id).limit(most)
    return [Line._make(row) for row in session.connection().execute(query).all()]


def revisions_after(session: Session, event: int, most: int) -> list[str]:
    """The events after a number by which a camera's box told more of an incident, as they came."""
    query = select(StoredEvent.payload).where(StoredEvent.id > event, _IS_REVISION)
    return list(session.connection().execute(query.order_by(StoredEvent.id).limit(most)).scalars())


def cases_of(session: Session, incident_ids: Collection[str]) -> set[str]:
    """The cases that have leads of some incidents."""
    query = select(Lead.case_id).where(among(session, Lead.incident_id, incident_ids))
    return set(session.connection().execute(query).scalars())


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
    lapse(session, case_id)


def lapse(session: Session, case_id: str) -> None:
    """What was suggested of a case, and is not decided, is not asked any more."""
    session.execute(
        update(MergeSuggestion)
        .where(MergeSuggestion.state == "open")
        .where(or_(MergeSuggestion.case_id == case_id, MergeSuggestion.into_case_id == case_id))
        .values(state="lapsed")
    )


def move_leads(session: Session, lead_ids: Collection[str], case_id: str) -> None:
    """Leads belong to another open case from now on."""
    session.execute(update(OpenLead).where(OpenLead.lead_id.in_(lead_ids)).values(case_id=case_id))


def place_leads(session: Session, places: Mapping[str, tuple[str, int]]) -> None:
    """Some leads of open cases, by their ids, are looked for as another kind and in another cell."""
    for lead_id, (kind, cell) in places.items():
        session.execute(update(OpenLead).where(OpenLead.lead_id == lead_id).values(kind=kind, cell=cell))


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


def states(session: Session, case_ids: Collection[str]) -> dict[str, str]:
    """Where some cases stand, by their numbers."""
    query = select(Case.id, Case.state).where(Case.id.in_(case_ids))
    return {row.id: row.state for row in session.execute(query)}


def between(session: Session, case_id: str, other_id: str) -> MergeSuggestion | None:
    """What was suggested of two cases, whichever is the younger."""
    query = select(MergeSuggestion).where(
        MergeSuggestion.case_id.in_((case_id, other_id)),
        MergeSuggestion.into_case_id.in_((case_id, other_id)),
    )
    return session.scalars(query).first()
