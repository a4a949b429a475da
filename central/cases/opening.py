"""From incidents to leads, cases and drafted tickets; later revisions refresh their lead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from central.cases import repository
from central.cases.arrivals import Arrival, CaseNow
from central.cases.corrected import Correction, heard_anew, put_right
from central.cases.desk import Desk
from central.cases.drafting import sentence
from central.cases.groups import open_group_of
from central.cases.rules import OVER, CaseState, Origin
from central.cases.service import note_in_log
from central.merging.settings import MergingSettings
from central.sender import Sender
from kerbwatch.incident import Phase
from kerbwatch.messages import Evidence, IncidentReport

Row = dict[str, Any]


def take_in(
    session: Session,
    reports: Sequence[tuple[Sender, IncidentReport]],
    now: datetime,
    zone: ZoneInfo,
    merging: MergingSettings,
) -> None:
    """Make or refresh the leads of incidents; a new lead joins the open case that it is of, or makes one.

    Revisions may come in any order: the highest wins, and whichever comes first makes the case.

    Args:
        session: a unit of work with ``ordered=True``.
        reports: revisions with the edge box that sent each, in the order of arrival.
        now: the present instant.
        zone: time zone of the people who read the tickets.
        merging: what makes two leads one occurrence.

    Raises:
        NoDutyListError: when nobody could be told.
    """
    if not reports:
        return
    incidents = _Incidents(Desk.opened(session, now, zone, merging), zone)
    incidents.recall(session, reports)
    for sender, report in reports:
        incidents.take(sender, report)
    incidents.write(session)


def note_arrival(session: Session, sha256: str, actor: str, now: datetime) -> None:
    """Write into the log of every case that names a file that its bytes are here. Needs ``ordered=True``."""
    _note_of_file(session, sha256, "evidence_received", actor, now)


def note_original_view(session: Session, sha256: str, actor: str, reason: str, now: datetime) -> None:
    """Write into the log of every case that names an original that somebody looks at it, and why."""
    _note_of_file(session, sha256, "original_viewed", actor, now, note=reason)


def _note_of_file(
    session: Session, sha256: str, rule: str, actor: str, now: datetime, *, note: str | None = None
) -> None:
    for lead, role in repository.leads_naming(session, sha256):
        note_in_log(
            session,
            lead.case,
            rule,
            actor,
            now,
            from_state=lead.case.state,
            note=note,
            detail={"sha256": sha256, "role": role},
            material=False,
        )


@dataclass(slots=True)
class _LeadNow:
    """A lead as this batch finds and leaves it."""

    id: str
    case: CaseNow
    revision: int
    phase: Phase
    urgent: bool
    zone_id: str
    corrections: list[Correction] | None
    evidence: set[tuple[str, str]]
    row: Row
    """The columns of one that this batch makes, else those that are to be updated."""
    new: bool = False


class _Incidents:
    """What each revision of an incident changes."""

    def __init__(self, desk: Desk, zone: ZoneInfo) -> None:
        self._desk, self._zone = desk, zone
        self._leads: dict[tuple[str, str], _LeadNow] = {}
        self._evidence: list[Row] = []

    def recall(self, session: Session, reports: Sequence[tuple[Sender, IncidentReport]]) -> None:
        """Read what the database holds of these incidents, and around those that are new."""
        found = repository.lead_heads(session, {report.incident_id for _sender, report in reports})
        named = repository.evidence_keys(session, [row.id for row in found])
        known = {(row.source, row.incident_id) for row in found}
        new = {
            (sender.source, report.incident_id): report
            for sender, report in reports
            if (sender.source, report.incident_id) not in known
        }
        groups = [open_group_of(*key) for key in new]
        self._desk.recall(session, {row.case_id for row in found}, groups)
        self._desk.look_around(session, [lead_row(report) for report in new.values()])
        for row in found:
            case = self._desk.cases[row.case_id]
            self._leads[row.source, row.incident_id] = _LeadNow(
                id=row.id,
                case=case,
                revision=row.revision,
                phase=Phase(row.phase),
                urgent=row.urgent,
                zone_id=row.zone_id,
                corrections=row.corrections,
                evidence=named[row.id],
                row={},
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
        refreshed = [lead.row | {"id": lead.id} for lead in self._leads.values() if lead.row and not lead.new]
        self._desk.write(session, refreshed, self._evidence)

    def _open(self, sender: Sender, report: IncidentReport) -> None:
        row = lead_row(report) | {
            "origin": Origin.CAMERA.value,
            "source": sender.source,
            "incident_id": report.incident_id,
        }
        group = open_group_of(sender.source, report.incident_id)
        words, detail = sentence(report, self._zone), {"incident_id": report.incident_id}
        lead_id, row, case = self._desk.open(Arrival(group, sender.actor, words, row, detail))
        lead = _LeadNow(
            id=lead_id,
            case=case,
            revision=report.revision,
            phase=report.phase,
            urgent=report.urgent,
            zone_id=report.zone_id,
            corrections=None,
            evidence=set(),
            row=row,
            new=True,
        )
        self._leads[sender.source, report.incident_id] = lead
        self._add_evidence(lead, report.evidence)
        if report.phase is Phase.CLEARED:
            self._note_cleared(lead, sender, report)

    def _refresh(self, lead: _LeadNow, sender: Sender, report: IncidentReport) -> None:
        cleared_now = report.phase is Phase.CLEARED and lead.phase is not Phase.CLEARED
        lead.row.update(lead_row(report) | {"updated_at": self._desk.now})
        case = lead.case
        if report.urgent and not (lead.urgent and lead.zone_id == report.zone_id):
            self._hear_urgency(lead, sender, report)
        lead.revision, lead.phase = report.revision, report.phase
        lead.urgent, lead.zone_id = report.urgent, report.zone_id
        case.changes["updated_at"] = self._desk.now
        makes_case = case.group == open_group_of(sender.source, report.incident_id)
        if case.state is CaseState.REVIEWING and makes_case:
            words = sentence(report, self._zone, put_right(lead.corrections), self._desk.book)
            self._desk.redraft(case, words)
        added = self._add_evidence(lead, report.evidence)
        if added:
            files = [{"sha256": each.sha256, "role": each.role.value} for each in added]
            self._desk.note(case, "evidence_added", sender.actor, {"files": files}, material=False)
        if cleared_now:
            self._note_cleared(lead, sender, report)

    def _hear_urgency(self, lead: _LeadNow, sender: Sender, report: IncidentReport) -> None:
        """It cannot wait by now, or stands in another zone where it cannot: nobody has judged that yet."""
        if lead.corrections:
            lead.corrections = lead.row["corrections"] = heard_anew(lead.corrections)
        if lead.case.state in OVER and report.phase is not Phase.CLEARED:
            self._desk.recall_case(lead.case, lead.id, sender.actor)
        self._desk.hear_urgency(lead.case, sender.actor, urgent=True)

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
        self._desk.ended(lead.id, report.ended_at)
        detail = {"incident_id": report.incident_id, "ended_at": report.ended_at.isoformat()}
        material = lead.case.state not in OVER
        self._desk.note(lead.case, "cleared", sender.actor, detail, material=material)


def lead_row(report: IncidentReport) -> Row:
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
        "standing_since": report.standing_since,
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
