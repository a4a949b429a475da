"""All SQL about cases, leads, tickets and the log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, Table, and_, bindparam, func, select, union_all
from sqlalchemy import update as sql_update
from sqlalchemy.orm import Session, selectinload

from central.bulk import among, insert_tables
from central.cases.models import Case, CaseEvent, Lead, LeadEvidence, Ticket
from central.cases.rules import TicketState
from central.database import Base
from central.media.models import MediaFile
from central.people.scope import has_ticket_listed_in, helped_from, is_listed_in, is_seen_in, lies_in
from central.tickets.models import CLOCK_RUNS

SUMMED_UP = (
    selectinload(Case.leads)
    .load_only(Lead.origin, Lead.camera_id, Lead.camera_name, Lead.phase, Lead.dwell_s, Lead.limit_s)
    .selectinload(Lead.evidence)
    .load_only(LeadEvidence.content_type, LeadEvidence.audience),
    selectinload(Case.tickets).load_only(
        Ticket.state,
        Ticket.leads,
        Ticket.item,
        Ticket.unit_name,
        Ticket.due_at,
        Ticket.suspended_until,
        Ticket.disputed,
    ),
)
"""What a line of a list says of leads and tickets, and no more (:class:`central.cases.schemas.CaseOut`)."""


def case(session: Session, case_id: str, *, lock: bool = False) -> Case | None:
    """A case by its id; ``lock`` holds its row until the unit of work ends."""
    query = select(Case).where(Case.id == case_id)
    return session.scalar(query.with_for_update() if lock else query)


def cases(
    session: Session,
    *,
    states: Collection[str],
    kinds: Collection[str],
    before: str | None,
    limit: int,
    areas: frozenset[str] | None = None,
    ids: Collection[str] | None = None,
    tests: Sequence[ColumnElement[bool]] = (),
    overdue_at: datetime | None = None,
) -> Sequence[Case]:
    """Cases, newest first, whose id lies before ``before``; empty filters let everything through.

    ``ids``: only of these; ``tests``: only where all of these hold; ``overdue_at``: only those whose
    accountable unit's time was over at this instant.
    """
    query = select(Case.id).order_by(Case.id.desc()).limit(limit).where(*tests)
    if overdue_at is not None:
        # A function of the column is no use to the index that begins with it.
        overdue = and_(CLOCK_RUNS, func.coalesce(Ticket.due_at, overdue_at) < overdue_at)
        if ids is None:
            query = _by_way_of_tickets(query, overdue, before)
        else:
            query = query.where(select(Ticket.id).where(Ticket.case_id == Case.id, overdue).exists())
    if kinds:
        query = query.where(Case.kind.in_(kinds))
    if before:
        query = query.where(Case.id < before)
    if ids is not None:
        query = query.where(among(session, Case.id, ids))
    if areas is not None:
        query = query.where(is_listed_in(session, areas) if ids is None else is_seen_in(areas))
    narrower = bool(kinds or tests) or areas is not None or ids is not None or overdue_at is not None
    if states and not narrower:
        query = _of_states(query, states, limit)
    elif states:
        query = query.where(Case.state.in_(states))
    # The ids come out of an index alone; the rows are read afterwards.
    found = session.scalars(query).all()
    rows = select(Case).options(*SUMMED_UP).where(Case.id.in_(found)).order_by(Case.id.desc())
    return session.scalars(rows).all() if found else []


def _of_states(query: Select[str], states: Collection[str], limit: int) -> Select[str]:
    """The same list of some states: of each its newest, by the index that has them in this order.

    However many newer cases are in other states.
    """
    parts = [query.where(Case.state == state).subquery() for state in sorted(states)]
    newest = union_all(*(select(part.c.id) for part in parts)).subquery()
    return select(newest.c.id).order_by(newest.c.id.desc()).limit(limit)


def _by_way_of_tickets(query: Select[str], overdue: ColumnElement[bool], before: str | None) -> Select[str]:
    """The same list, read from the tickets that are overdue, whose index has its order.

    However many newer cases are not overdue, and however few of the overdue ones pass the other filters.
    """
    # Likewise: else PostgreSQL walks the cases beside the tickets.
    query = query.join(Ticket, func.coalesce(Ticket.case_id, "") == Case.id).where(overdue)
    query = query.order_by(None).order_by(Ticket.case_id.desc())
    return query.where(Ticket.case_id < before) if before else query


def count_in(
    session: Session, states: Collection[str], most: int, areas: frozenset[str] | None = None
) -> int:
    """How many cases are in some states; ``most`` when there are as many or more."""
    query = select(Case.id).where(Case.state.in_(states))
    if areas is None:
        return _counted(session, query, most)
    helped = query.where(
        Case.id.in_(helped_from(areas)), func.coalesce(Case.area_id, "").not_in(sorted(areas))
    )
    return min(most, _counted(session, query.where(lies_in(areas)), most) + _counted(session, helped, most))


def _counted(session: Session, query: Select[str], most: int) -> int:
    return session.scalar(select(func.count()).select_from(query.limit(most).subquery())) or 0


def tickets(
    session: Session,
    *,
    states: Collection[str],
    unit_id: str | None,
    before: str | None,
    limit: int,
    areas: frozenset[str] | None = None,
) -> Sequence[Ticket]:
    """Tickets, newest first."""
    of_case = selectinload(Ticket.case)
    leads, tickets_of = of_case.selectinload(Case.leads), of_case.lazyload(Case.tickets)
    query = select(Ticket).options(leads.lazyload(Lead.evidence), tickets_of)
    query = query.order_by(Ticket.id.desc()).limit(limit)
    if states:
        query = query.where(Ticket.state.in_(states))
    if unit_id:
        query = query.where(Ticket.unit_id == unit_id)
    if before:
        query = query.where(Ticket.id < before)
    if areas is not None:
        query = query.where(has_ticket_listed_in(session, areas))
    return session.scalars(query).all()


class LeadHead(NamedTuple):
    """What a later revision needs to know of a lead."""

    id: str
    case_id: str
    source: str
    incident_id: str
    revision: int
    phase: str
    urgent: bool
    zone_id: str
    corrections: list[dict[str, Any]] | None


class CaseHead(NamedTuple):
    """What a later revision needs to know of a case."""

    id: str
    state: str
    version: int
    urgent: bool
    open_group: str | None


def lead_heads(session: Session, incident_ids: Collection[str]) -> list[LeadHead]:
    """The leads of some incidents, whoever sent them."""
    columns = [Lead.__table__.c[name] for name in LeadHead._fields]
    query = select(*columns).where(among(session, Lead.incident_id, incident_ids))
    rows = session.connection().execute(query)
    return [LeadHead(*row) for row in rows]


def external_leads(session: Session, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Of some (source, number) those that have come in, with the lead's id."""
    query = select(Lead.source, Lead.external_id, Lead.id).where(
        among(session, Lead.external_id, {number for _source, number in keys})
    )
    rows = session.execute(query)
    return {(source, number): lead_id for source, number, lead_id in rows if number is not None}


def said_under(session: Session, numbers: Collection[str]) -> Sequence[Row[*tuple[Any, ...]]]:
    """What leads say that some source gave one of these numbers."""
    query = select(
        Lead.source,
        Lead.external_id,
        Lead.kind,
        Lead.lon,
        Lead.lat,
        Lead.started_at,
        Lead.words,
        Lead.road,
        Lead.urgent,
        Lead.anonymised_at,
    )
    return session.execute(query.where(among(session, Lead.external_id, set(numbers)))).all()


def evidence_keys(session: Session, lead_ids: Collection[str]) -> defaultdict[str, set[tuple[str, str]]]:
    """For each lead the (hash, role) of what it names."""
    found: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    if lead_ids:
        query = select(LeadEvidence.lead_id, LeadEvidence.sha256, LeadEvidence.role)
        query = query.where(among(session, LeadEvidence.lead_id, lead_ids))
        for lead_id, sha256, role in session.connection().execute(query):
            found[lead_id].add((sha256, role))
    return found


def open_groups(session: Session, groups: Collection[str]) -> dict[str, str]:
    """Of some groups of leads those that have an open case, with its id."""
    query = select(Case.open_group, Case.id).where(among(session, Case.open_group, groups))
    rows = session.connection().execute(query)
    return {group: case_id for group, case_id in rows if group is not None}


def case_heads(session: Session, case_ids: Collection[str]) -> list[CaseHead]:
    """Some cases, in short."""
    if not case_ids:
        return []
    query = select(Case.id, Case.state, Case.version, Case.urgent, Case.open_group)
    rows = session.connection().execute(query.where(among(session, Case.id, case_ids)))
    return [CaseHead(*row) for row in rows]


def insert(session: Session, rows: Sequence[tuple[type[Base], Sequence[dict[str, Any]]]]) -> None:
    """Insert rows into some tables, in this order; of a table all with the same columns."""
    insert_tables(session, [(_table(model), of_table) for model, of_table in rows])


def update_rows(session: Session, table: type[Base], rows: Iterable[dict[str, Any]]) -> None:
    """Update rows by their ``id``; those that change the same columns go together."""
    alike: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        changes = {key: value for key, value in row.items() if key != "id"}
        alike[tuple(sorted(changes))].append(changes | {"of_id": row["id"]})
    into = _table(table)
    for columns, changes_of in alike.items():
        query = sql_update(into).where(into.c.id == bindparam("of_id"))
        values: dict[str, Any] = {column: bindparam(column) for column in columns}
        session.connection().execute(query.values(values), changes_of)


def _table(model: type[Base]) -> Table:
    return Base.metadata.tables[model.__tablename__]


def redraft(session: Session, sentences: dict[str, str]) -> None:
    """Give the drafted tickets of some cases a new sentence."""
    if sentences:
        query = (
            sql_update(_table(Ticket))
            .where(Ticket.case_id == bindparam("of_case"), Ticket.state == TicketState.DRAFTED.value)
            .values(sentence=bindparam("words"))
        )
        rows = [{"of_case": case_id, "words": words} for case_id, words in sentences.items()]
        session.connection().execute(query, rows)


def leads_naming(session: Session, sha256: str) -> Sequence[tuple[Lead, str]]:
    """Leads that name a file as evidence, with its role."""
    rows = session.execute(
        select(Lead, LeadEvidence.role)
        .join(LeadEvidence, LeadEvidence.lead_id == Lead.id)
        .where(LeadEvidence.sha256 == sha256)
        .order_by(Lead.id)
    )
    return [(lead, role) for lead, role in rows]


def files_here(session: Session, rows: Iterable[Case]) -> frozenset[str]:
    """Of all files that these cases' leads name, the hashes of those that have arrived."""
    named = {e.sha256 for row in rows for each in row.leads for e in each.evidence}
    if not named:
        return frozenset()
    query = select(MediaFile.sha256).where(MediaFile.sha256.in_(named), MediaFile.deleted_at.is_(None))
    return frozenset(session.scalars(query))


def last_log_id(session: Session) -> int:
    """Number of the log's last line; 0 for an empty log."""
    return session.scalar(select(func.max(CaseEvent.id))) or 0


def log_after(session: Session, after: int, limit: int) -> list[tuple[CaseEvent, frozenset[str | None]]]:
    """Lines of the log after a number, in order, each with the areas from which its case is seen."""
    query = select(CaseEvent, Case.area_id).join(Case, Case.id == CaseEvent.case_id)
    rows = session.execute(query.where(CaseEvent.id > after).order_by(CaseEvent.id).limit(limit)).all()
    helping: defaultdict[str, set[str | None]] = defaultdict(set)
    towns = select(Ticket.case_id, Ticket.town_id).where(
        among(session, Ticket.case_id, {line.case_id for line, _area_id in rows}), Ticket.town_id.is_not(None)
    )
    for case_id, town_id in session.execute(towns):
        helping[case_id].add(town_id)
    return [(line, frozenset({area_id, *helping[line.case_id]})) for line, area_id in rows]


def log_of(session: Session, case_id: str) -> Sequence[CaseEvent]:
    """The whole log of one case."""
    return session.scalars(select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.id)).all()
