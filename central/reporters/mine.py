"""What somebody reported and what became of it, for themselves."""

from __future__ import annotations

from sqlalchemy.orm import Session

from central.answers.schemas import AnswerOut
from central.answers.service import answers_of
from central.cases.rules import CaseState
from central.points import repository as points
from central.reporters import repository
from central.reporters.schemas import MyReport, MyState
from central.reports.models import Report, ReportState

_LOOKED_AT = {None, CaseState.REVIEWING.value}


def reports_of(session: Session, ref: str, *, before: str | None = None, limit: int = 50) -> list[MyReport]:
    """Somebody's reports, the newest first, from before a report on."""
    rows = repository.reports_of(session, ref, before, limit)
    lead_ids = [row.lead_id for row in rows if row.lead_id is not None]
    states = repository.case_states(session, lead_ids)
    answers = answers_of(session, lead_ids)
    judged = {each.award.lead_id: each for each in points.awards_of_leads(session, lead_ids)}
    found = []
    for row in rows:
        answer = answers.get(row.lead_id or "")
        award, paid, last = judged.get(row.lead_id or "", (None, None, None))
        found.append(
            MyReport(
                id=row.id,
                kind=row.kind,
                channel=row.channel,
                road=row.road,
                received_at=row.received_at,
                state=_state(row, states.get(row.lead_id or ""), answer),
                refusal=row.refusal,
                answer=answer,
                points=award.points if award else None,
                points_why=award.why if award else None,
                points_paid=paid is not None,
                points_taken_back=last is not None and last.points < 0,
            )
        )
    return found


def _state(row: Report, case_state: str | None, answer: AnswerOut | None) -> MyState:
    if row.state == ReportState.REFUSED:
        return "refused"
    if answer and answer.final:
        return "answered"
    if row.lead_id is None:
        return "received"
    return "looked_at" if case_state in _LOOKED_AT else "dealt_with"
