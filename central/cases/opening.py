"""From an incident to a lead, a case and a drafted ticket; later revisions refresh the lead."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from central.cases import repository
from central.cases.drafting import sentence
from central.cases.models import Case, Lead, LeadEvidence, Ticket
from central.cases.rules import OVER, CaseState, TicketState
from central.cases.service import note_in_log
from central.duty.service import assign
from central.sender import Sender
from kerbwatch.ids import new_id
from kerbwatch.incident import Phase
from kerbwatch.messages import IncidentReport
from kerbwatch.place import Position


def take_in(session: Session, sender: Sender, report: IncidentReport, now: datetime, zone: ZoneInfo) -> None:
    """Make or refresh the lead of an incident, and with a new lead its case.

    Revisions may come in any order: the highest wins, and whichever comes first makes the case.

    Args:
        session: a unit of work with ``ordered=True``.
        sender: the edge box.
        report: one revision.
        now: the present instant.
        zone: time zone of the people who read the ticket.

    Raises:
        NoDutyListError: when nobody could be told.
    """
    lead = repository.lead(session, sender.source, report.incident_id)
    if lead is None:
        case = _open_case(session, sender, report, now, zone)
        lead = Lead(
            id=new_id(), case_id=case.id, origin="camera", source=sender.source, created_at=now, evidence=[]
        )
        lead.incident_id = report.incident_id
        _fill(lead, report, now)
        _add_evidence(lead, report)
        case.leads.append(lead)
        session.flush()
        if report.phase is Phase.CLEARED:
            _note_cleared(session, case, sender, lead, now)
        return
    if report.revision <= lead.revision:
        return
    cleared_now = report.phase is Phase.CLEARED and lead.phase != Phase.CLEARED
    _fill(lead, report, now)
    added = _add_evidence(lead, report)
    case = lead.case
    case.urgent = case.urgent or report.urgent
    if CaseState(case.state) is CaseState.REVIEWING:
        _refresh_draft(case, report, zone)
    if added:
        note_in_log(
            session,
            case,
            "evidence_added",
            sender.actor,
            now,
            from_state=case.state,
            detail={"files": [{"sha256": each.sha256, "role": each.role} for each in added]},
            material=False,
        )
    if cleared_now:
        _note_cleared(session, case, sender, lead, now)
    case.updated_at = now
    session.flush()


def note_arrival(session: Session, sha256: str, actor: str, now: datetime) -> None:
    """Write into the log of every case that names a file that its bytes are here. Needs ``ordered=True``."""
    for lead, role in repository.leads_naming(session, sha256):
        note_in_log(
            session,
            lead.case,
            "evidence_received",
            actor,
            now,
            from_state=lead.case.state,
            detail={"sha256": sha256, "role": role},
            material=False,
        )


def _open_case(
    session: Session, sender: Sender, report: IncidentReport, now: datetime, zone: ZoneInfo
) -> Case:
    """The open case of a group: made now, or, when another copy of central was faster, read."""
    group = f"incident:{sender.source}:{report.incident_id}"
    assignment = assign(session, report.kind, Position(report.place.lon, report.place.lat))
    case = Case(
        id=new_id(),
        open_group=group,
        state=CaseState.REVIEWING.value,
        kind=report.kind.value,
        urgent=report.urgent,
        road=report.road,
        area_id=assignment.area.id if assignment.area else None,
        area_name=assignment.area.name if assignment.area else None,
        lon=report.place.lon,
        lat=report.place.lat,
        sentence=sentence(report, zone),
        started_at=report.started_at,
        created_at=now,
        updated_at=now,
        version=0,
        escalation_level=0,
        leads=[],
        tickets=[],
    )
    try:
        with session.begin_nested():
            session.add(case)
            session.flush()
    except IntegrityError:
        found = repository.open_case(session, group)
        if found is None:
            raise
        return found
    hours = assignment.urgent_deadline_hours if report.urgent else assignment.deadline_hours
    case.tickets.append(
        Ticket(
            id=new_id(),
            state=TicketState.DRAFTED.value,
            unit_id=assignment.unit_id,
            unit_name=assignment.unit_name,
            co_unit_ids=list(assignment.co_unit_ids),
            duty_entry_id=assignment.entry_id,
            item=assignment.item,
            legal_basis=assignment.legal_basis,
            sentence=case.sentence,
            routing_note=assignment.note,
            deadline_hours=hours,
            due_at=now + timedelta(hours=hours),
            created_at=now,
        )
    )
    note_in_log(
        session,
        case,
        "opened",
        sender.actor,
        now,
        from_state=None,
        detail={"incident_id": report.incident_id, "unit_id": assignment.unit_id},
    )
    return case


def _fill(lead: Lead, report: IncidentReport, now: datetime) -> None:
    lead.revision, lead.phase, lead.kind = report.revision, report.phase.value, report.kind.value
    lead.camera_id, lead.camera_name = report.camera_id, report.camera_name
    lead.zone_id, lead.road = report.zone_id, report.road
    lead.started_at, lead.observed_at, lead.ended_at = report.started_at, report.observed_at, report.ended_at
    lead.dwell_s, lead.limit_s, lead.urgent = report.dwell_s, report.limit_s, report.urgent
    lead.object_class, lead.confidence = report.object_class, report.confidence
    lead.box = report.box.model_dump(mode="json")
    lead.lon, lead.lat = report.place.lon, report.place.lat
    lead.place_method, lead.accuracy_m = report.place.method, report.place.accuracy_m
    lead.live_url, lead.model, lead.updated_at = report.live_url, report.model, now


def _add_evidence(lead: Lead, report: IncidentReport) -> list[LeadEvidence]:
    """Add what the lead does not name yet; what it once named stays."""
    known = {(each.sha256, each.role) for each in lead.evidence}
    added = []
    for each in report.evidence:
        if (each.sha256, each.role.value) in known:
            continue
        known.add((each.sha256, each.role.value))
        row = LeadEvidence(
            sha256=each.sha256,
            role=each.role.value,
            content_type=each.content_type,
            size_bytes=each.size_bytes,
            captured_at=each.captured_at,
        )
        lead.evidence.append(row)
        added.append(row)
    return added


def _refresh_draft(case: Case, report: IncidentReport, zone: ZoneInfo) -> None:
    case.sentence = sentence(report, zone)
    for ticket in case.tickets:
        if ticket.state == TicketState.DRAFTED:
            ticket.sentence = case.sentence


def _note_cleared(session: Session, case: Case, sender: Sender, lead: Lead, now: datetime) -> None:
    assert lead.ended_at is not None  # the message's own rule
    note_in_log(
        session,
        case,
        "cleared",
        sender.actor,
        now,
        from_state=case.state,
        detail={"incident_id": lead.incident_id, "ended_at": lead.ended_at.isoformat()},
        material=CaseState(case.state) not in OVER,
    )
