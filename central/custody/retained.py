"""All SQL of retention."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from central.cases.models import Case, CaseEvent, Lead, LeadEvidence
from central.cases.rules import CaseState
from central.custody import repository
from central.custody.rules import CaseStanding
from central.escalation.models import SupervisionSlip
from central.intake.models import StoredEvent
from central.media.models import MediaFile
from central.reports.models import Report

_DONE = {CaseState.CLOSED.value, CaseState.EVALUATED.value}


def files_before(
    session: Session, received: datetime, after: tuple[datetime, str] | None, limit: int
) -> Sequence[MediaFile]:
    """Kept files that came in at ``received`` or before, in the order of arrival, beyond ``after``."""
    query = select(MediaFile).where(MediaFile.deleted_at.is_(None), MediaFile.received_at <= received)
    if after is not None:
        at, sha256 = after
        later = or_(MediaFile.received_at > at, (MediaFile.received_at == at) & (MediaFile.sha256 > sha256))
        query = query.where(MediaFile.received_at >= at, later)
    return session.scalars(query.order_by(MediaFile.received_at, MediaFile.sha256).limit(limit)).all()


def deleted_since(session: Session, since: datetime) -> Sequence[str]:
    """Hashes of files that a rule deleted at ``since`` or later."""
    query = select(MediaFile.sha256).where(MediaFile.deleted_at >= since)
    return session.scalars(query.order_by(MediaFile.deleted_at)).all()


def still_deleted(session: Session, hashes: Collection[str]) -> Sequence[str]:
    """Of some files those that are deleted and did not come in again."""
    query = select(MediaFile.sha256).where(MediaFile.sha256.in_(hashes), MediaFile.deleted_at.is_not(None))
    return session.scalars(query).all()


def named_by(session: Session, hashes: Collection[str]) -> defaultdict[str, list[CaseStanding]]:
    """For each of some files the cases that name it."""
    query = select(LeadEvidence.sha256, Lead.case_id).join(Lead, Lead.id == LeadEvidence.lead_id)
    pairs = session.execute(query.where(LeadEvidence.sha256.in_(hashes)).distinct()).all()
    standing = standings(session, {case_id for _sha256, case_id in pairs})
    found: defaultdict[str, list[CaseStanding]] = defaultdict(list)
    for sha256, case_id in pairs:
        found[sha256].append(standing[case_id])
    return found


def standings(session: Session, case_ids: Collection[str]) -> dict[str, CaseStanding]:
    """What retention must know of some cases."""
    if not case_ids:
        return {}
    held = repository.held(session, case_ids)
    query = select(Case.id, Case.kind, Case.state, Case.closed_at, Case.updated_at)
    found = {}
    for case_id, kind, state, closed_at, updated_at in session.execute(query.where(Case.id.in_(case_ids))):
        over_at = None
        if state in _DONE:
            over_at = closed_at or updated_at
        elif state == CaseState.REJECTED:
            over_at = updated_at
        found[case_id] = CaseStanding(case_id, kind, state, over_at, case_id in held)
    return found


def leads_before(session: Session, before: datetime, after: str, limit: int) -> Sequence[Lead]:
    """Leads with somebody's words, plate or name in them, made before an instant, beyond an id, in order."""
    query = select(Lead).where(Lead.id > after, Lead.anonymised_at.is_(None), Lead.created_at < before)
    return session.scalars(query.order_by(Lead.id).limit(limit)).all()


def founded_by(session: Session, lead: Lead) -> Sequence[Case]:
    """The cases that a report made, wherever it is now; none where it only joined those of others.

    The log is asked: a case that was merged away has its report no more, and one that is over does not say
    what made it.
    """
    founded, asked, asking = set[str](), set[str](), {lead.case_id}
    while asking:
        query = select(CaseEvent.case_id, CaseEvent.rule, CaseEvent.detail)
        query = query.where(CaseEvent.case_id.in_(asking), CaseEvent.rule.in_(("opened", "merge_case")))
        asked |= asking
        before = set[str]()
        for case_id, rule, detail in session.execute(query):
            if rule == "merge_case" and lead.id in detail["leads"]:
                before.add(detail["from"])
            elif detail.get("lead_id") == lead.id:  # somebody took it out of another case
                founded.add(case_id)
                before.add(detail["split_from"])
            elif rule == "opened" and _named_in(detail, lead):
                founded.add(case_id)
        asking = before - asked
    return session.scalars(select(Case).where(Case.id.in_(founded))).all()


def _named_in(detail: dict[str, object], lead: Lead) -> bool:
    return (detail.get("source"), detail.get("number")) == (lead.source, lead.external_id)


def reports_of(session: Session, lead_ids: Collection[str]) -> Sequence[Report]:
    """The reports behind some leads."""
    return session.scalars(select(Report).where(Report.lead_id.in_(lead_ids))).all()


def slips_of(session: Session, case_id: str) -> Sequence[SupervisionSlip]:
    """The supervision slips of a case."""
    return session.scalars(select(SupervisionSlip).where(SupervisionSlip.case_id == case_id)).all()


def messages_after(session: Session, event_id: int, limit: int) -> list[tuple[int, datetime, str]]:
    """Messages as they came that still have their content, beyond a number: number, arrival, content."""
    query = select(StoredEvent.id, StoredEvent.received_at, StoredEvent.payload)
    query = query.where(StoredEvent.id > event_id, StoredEvent.payload != "")
    rows = session.execute(query.order_by(StoredEvent.id).limit(limit))
    return [(number, received_at, payload) for number, received_at, payload in rows]


def incidents_kept(session: Session, incident_ids: Collection[str]) -> set[str]:
    """Of some incidents those whose lead is not anonymised."""
    query = select(Lead.incident_id).where(Lead.incident_id.in_(incident_ids), Lead.anonymised_at.is_(None))
    return {found for found in session.scalars(query) if found is not None}


def empty_messages(session: Session, event_ids: Collection[int]) -> None:
    """Take the content out of some messages; that they came stays known."""
    if event_ids:
        session.execute(update(StoredEvent).where(StoredEvent.id.in_(event_ids)).values(payload=""))
