"""What whoever sent a report is shown of it, by the token that only they have."""

from __future__ import annotations

from sqlalchemy.orm import Session

from central.answers.service import answer_of
from central.cases.models import Lead
from central.cases.rules import OVER, CaseState
from central.jobs import repository as jobs
from central.problems import not_found
from central.reports import service
from central.reports.models import Report, ReportState
from central.reports.schemas import Followed, Stage

JOB_KIND = "look_through"
"""Of the job that looks through a report's files."""
_DONE = frozenset({CaseState.HANDLED, CaseState.CHECKING})


def follow(session: Session, token: str) -> Followed:
    """What has become of a report. Raises Problem 404."""
    report = service.followed(session, token)
    if report is None:
        raise not_found("such report")
    progress = _progress(session, report)
    answer = answer_of(session, report.lead_id) if report.lead_id else None
    return Followed(
        stage=_stage(session, report, progress),
        progress=progress,
        kind=report.kind,
        words=report.words,
        received_at=report.received_at,
        seen_at=report.seen_at,
        answer=report.refusal or (answer.words if answer else None),
        remarks=report.remarks,
    )


def _progress(session: Session, report: Report) -> float | None:
    if report.state != ReportState.ANALYSING:
        return None
    job = jobs.of(session, JOB_KIND, report.id)
    return job.progress if job else 0.0


def _stage(session: Session, report: Report, progress: float | None) -> Stage:
    if report.state == ReportState.REFUSED:
        return "refused"
    lead = session.get(Lead, report.lead_id) if report.lead_id else None
    if lead is None:
        return "looking" if progress else "waiting"
    state = CaseState(lead.case.state)
    if state is CaseState.REVIEWING:
        return "review"
    if state in OVER:
        return "closed"
    return "done" if state in _DONE else "work"
