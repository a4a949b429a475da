"""From incidents to leads, cases and drafted tickets; later revisions refresh their lead.

A batch of reports is worked out in memory, from what the database holds of them, and written with one
statement a table: what a city sends in a rush is thousands of rows a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from central.calendar import service as calendars
from central.calendar.work import WorkCalendar
from central.cases import repository
from central.cases.drafting import sentence
from central.cases.models import Case, CaseEvent, Lead, LeadEvidence, Ticket
from central.cases.rules import OVER, CaseState, TicketState
from central.cases.service import log_line, note_in_log
from central.duty.service import DutyBook, duty_book
from central.sender import Sender
from kerbwatch.ids import new_id
from kerbwatch.incident import Phase
from kerbwatch.messages import Evidence, IncidentReport
from kerbwatch.place import Position

Row = dict[str, Any]


def take_in(
    session: Session, reports: Sequence[tuple[Sender, IncidentReport]], now: datetime, zone: ZoneInfo
) -> None:
    """Make or refresh the leads of incidents, and with a new lead its case.

    Revisions may come in any order: the highest wins, and whichever comes first makes the case.

    Args:
        session: a unit of work with ``ordered=True``.
        reports: revisions with the edge box that sent each, in the order of arrival.
        now: the present instant.
        zone: time zone of the people who read the tickets.

    Raises:
        NoDutyListError: when nobody could be told.
    """
    if not reports:
        return
    _calendar_id, calendar = calendars.current(session, zone)
    desk = _Desk(duty_book(session), calendar, now, zone)
    desk.recall(session, reports)
    for sender, report in reports:
        desk.take(sender, report)
    desk.write(session)


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


def note_original_view(session: Session, sha256: str, actor: str, reason: str, now: datetime) -> None:
    """Write into the log of every case that names an original that somebody looks at it, and why."""
    for lead, role in repository.leads_naming(session, sha256):
        note_in_log(
            session,
            lead.case,
            "original_viewed",
            actor,
            now,
            from_state=lead.case.state,
            note=reason,
            detail={"sha256": sha256, "role": role},
            material=False,
        )


def open_group_of(sender: Sender, report: IncidentReport) -> str:
    """What makes two leads the same occurrence while the case is open."""
    return f"incident:{sender.source}:{report.incident_id}"


@dataclass(slots=True)
class _CaseNow:
    """A case as this batch finds and leaves it."""

    id: str
    state: CaseState
    version: int
    urgent: bool
    changes: Row = field(default_factory=dict)
    """Columns that are to be updated; of a case that this batch makes, the whole row."""
    new: bool = False


@dataclass(slots=True)
class _LeadNow:
    """A lead as this batch finds and leaves it."""

    id: str
    case: _CaseNow
    revision: int
    phase: Phase
    evidence: set[tuple[str, str]]
    changes: Row = field(default_factory=dict)
    new: bool = False


class _Desk:
    """Works a batch out: what is there, what each report changes, and then all of it at once."""

    def __init__(self, book: DutyBook, calendar: WorkCalendar, now: datetime, zone: ZoneInfo) -> None:
        self._book, self._now, self._zone = book, now, zone
        self._due_after = cache(lambda hours: calendar.after(now, timedelta(hours=hours)))
        self._leads: dict[tuple[str, str], _LeadNow] = {}
        self._cases: dict[str, _CaseNow] = {}
        self._groups: dict[str, _CaseNow] = {}
        self._tickets: dict[str, Row] = {}
        """Of cases that this batch makes, by case."""
        self._sentences: dict[str, str] = {}
        """Of drafted tickets that are there already, by case."""
        self._evidence: list[Row] = []
        self._log: list[Row] = []

    def recall(self, session: Session, reports: Sequence[tuple[Sender, IncidentReport]]) -> None:
        """Read what the database holds of these incidents."""
        found = repository.lead_heads(session, {report.incident_id for _sender, report in reports})
        named = repository.evidence_keys(session, [row.id for row in found])
        groups = repository.open_groups(session, {open_group_of(*each) for each in reports})
        for head in repository.case_heads(session, {row.case_id for row in found} | set(groups.values())):
            self._cases[head.id] = _CaseNow(head.id, CaseState(head.state), head.version, head.urgent)
        self._groups = {group: self._cases[case_id] for group, case_id in groups.items()}
        for row in found:
            self._leads[row.source, row.incident_id] = _LeadNow(
                row.id, self._cases[row.case_id], row.revision, Phase(row.phase), named[row.id]
            )

    def take(self, sender: Sender, report: IncidentReport) -> None:
        """Work out what one revision changes."""
        lead = self._leads.get((sender.source, report.incident_id))
        if lead is None:
            self._open(sender, report)
        elif report.revision > lead.revision:
            self._refresh(lead, sender, report)

    def write(self, session: Session) -> None:
        """Put everything into the database."""
        cases, leads = self._cases.values(), self._leads.values()
        repository.insert(session, Case, [case.changes for case in cases if case.new])
        repository.insert(session, Lead, [lead.changes for lead in leads if lead.new])
        repository.insert(session, LeadEvidence, self._evidence)
        repository.insert(session, Ticket, list(self._tickets.values()))
        repository.insert(session, CaseEvent, self._log)
        repository.update_rows(session, Case, [c.changes | {"id": c.id} for c in cases if _changed(c)])
        repository.update_rows(session, Lead, [lead.changes for lead in leads if _changed(lead)])
        repository.redraft(session, self._sentences)

    def _open(self, sender: Sender, report: IncidentReport) -> None:
        group = open_group_of(sender, report)
        case = self._groups.get(group) or self._draft(group, sender, report)
        lead = _LeadNow(new_id(), case, report.revision, report.phase, set(), new=True)
        lead.changes = lead_row(report, self._now) | {
            "id": lead.id,
            "case_id": case.id,
            "origin": "camera",
            "source": sender.source,
            "incident_id": report.incident_id,
            "created_at": self._now,
        }
        self._leads[sender.source, report.incident_id] = lead
        self._add_evidence(lead, report.evidence)
        if report.phase is Phase.CLEARED:
            self._note_cleared(lead, sender, report)

    def _draft(self, group: str, sender: Sender, report: IncidentReport) -> _CaseNow:
        """A case with its ticket, as far as central can say without a person."""
        now, assignment = (
            self._now,
            self._book.assign(report.kind, Position(report.place.lon, report.place.lat)),
        )
        case = _CaseNow(new_id(), CaseState.REVIEWING, 0, report.urgent, new=True)
        words = sentence(report, self._zone)
        case.changes = {
            "id": case.id,
            "open_group": group,
            "state": case.state.value,
            "kind": report.kind.value,
            "urgent": report.urgent,
            "road": report.road,
            "area_id": assignment.area.id if assignment.area else None,
            "area_name": assignment.area.name if assignment.area else None,
            "lon": report.place.lon,
            "lat": report.place.lat,
            "sentence": words,
            "started_at": report.started_at,
            "created_at": now,
            "updated_at": now,
            "version": 0,
            "escalation_level": 0,
            "chain": [],
        }
        self._cases[case.id] = self._groups[group] = case
        hours = assignment.urgent_deadline_hours if report.urgent else assignment.deadline_hours
        self._tickets[case.id] = {
            "id": new_id(),
            "case_id": case.id,
            "state": TicketState.DRAFTED.value,
            "unit_id": assignment.unit_id,
            "unit_name": assignment.unit_name,
            "co_unit_ids": list(assignment.co_unit_ids),
            "duty_entry_id": assignment.entry_id,
            "item": assignment.item,
            "legal_basis": assignment.legal_basis,
            "sentence": words,
            "routing_note": assignment.note,
            "deadline_hours": hours,
            "due_at": self._due_after(hours),
            "created_at": now,
            "leads": True,
            "disputed": False,
            "reworks": 0,
        }
        detail = {"incident_id": report.incident_id, "unit_id": assignment.unit_id}
        self._note(case, "opened", sender, detail, from_state=None)
        return case

    def _refresh(self, lead: _LeadNow, sender: Sender, report: IncidentReport) -> None:
        cleared_now = report.phase is Phase.CLEARED and lead.phase is not Phase.CLEARED
        lead.revision, lead.phase = report.revision, report.phase
        lead.changes |= lead_row(report, self._now) | {"id": lead.id}
        case = lead.case
        case.urgent = case.urgent or report.urgent
        case.changes |= {"urgent": case.urgent, "updated_at": self._now}
        if case.state is CaseState.REVIEWING:
            self._redraft(case, sentence(report, self._zone))
        added = self._add_evidence(lead, report.evidence)
        if added:
            files = [{"sha256": each.sha256, "role": each.role.value} for each in added]
            self._note(case, "evidence_added", sender, {"files": files}, material=False)
        if cleared_now:
            self._note_cleared(lead, sender, report)

    def _redraft(self, case: _CaseNow, words: str) -> None:
        case.changes["sentence"] = words
        drafted_now = self._tickets.get(case.id)
        if drafted_now is None:
            self._sentences[case.id] = words
        else:
            drafted_now["sentence"] = words

    def _add_evidence(self, lead: _LeadNow, evidence: Iterable[Evidence]) -> list[Evidence]:
        """Add what the lead does not name yet; what it once named stays."""
        added = []
        for each in evidence:
            key = (each.sha256, each.role.value)
            if key not in lead.evidence:
                lead.evidence.add(key)
                self._evidence.append(evidence_row(lead.id, each))
                added.append(each)
        return added

    def _note_cleared(self, lead: _LeadNow, sender: Sender, report: IncidentReport) -> None:
        assert report.ended_at is not None  # the message's own rule
        detail = {"incident_id": report.incident_id, "ended_at": report.ended_at.isoformat()}
        self._note(lead.case, "cleared", sender, detail, material=lead.case.state not in OVER)

    def _note(
        self,
        case: _CaseNow,
        rule: str,
        sender: Sender,
        detail: Row,
        *,
        from_state: str | None = "",
        material: bool = True,
    ) -> None:
        """A line of the log; ``from_state`` is the case's own unless it is said."""
        if material:
            case.version += 1
            case.changes["version"] = case.version
        case.changes["updated_at"] = self._now
        state = case.state.value
        self._log.append(
            log_line(
                case.id,
                rule,
                sender.actor,
                self._now,
                from_state=state if from_state == "" else from_state,
                to_state=state,
                version=case.version,
                detail=detail,
            )
        )


def _changed(row: _CaseNow | _LeadNow) -> bool:
    return bool(row.changes) and not row.new


def lead_row(report: IncidentReport, now: datetime) -> Row:
    """What a lead takes from the newest revision of its incident."""
    return {
        "revision": report.revision,
        "phase": report.phase.value,
        "kind": report.kind.value,
        "camera_id": report.camera_id,
        "camera_name": report.camera_name,
        "zone_id": report.zone_id,
        "road": report.road,
        "started_at": report.started_at,
        "observed_at": report.observed_at,
        "ended_at": report.ended_at,
        "dwell_s": report.dwell_s,
        "limit_s": report.limit_s,
        "urgent": report.urgent,
        "object_class": report.object_class,
        "confidence": report.confidence,
        "box": report.box.model_dump(mode="json"),
        "lon": report.place.lon,
        "lat": report.place.lat,
        "place_method": report.place.method,
        "accuracy_m": report.place.accuracy_m,
        "live_url": report.live_url,
        "model": report.model,
        "plate": None if report.plate is None else report.plate.model_dump(mode="json"),
        "updated_at": now,
    }


def evidence_row(lead_id: str, evidence: Evidence) -> Row:
    """A piece of evidence that a lead names."""
    return {
        "lead_id": lead_id,
        "sha256": evidence.sha256,
        "role": evidence.role.value,
        "content_type": evidence.content_type,
        "size_bytes": evidence.size_bytes,
        "captured_at": evidence.captured_at,
        "audience": evidence.audience.value,
        "original_sha256": evidence.original_sha256,
    }
