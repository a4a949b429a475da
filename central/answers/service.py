"""Everyone who reported something gets an answer in the unit of work in which their case ends.

``central.cases.service.move`` gives them, so no case ends without.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from central.answers import repository
from central.answers.models import Answer, Delivery, FinalAnswer, Outcome
from central.answers.schemas import AnswerLine, AnswerOut
from central.answers.wording import words_for
from central.cases.models import Case, Lead
from central.cases.rules import NO_CASE, CaseState, Origin
from central.points.models import PointsDue

_OUTCOMES = {
    CaseState.REJECTED: Outcome.REJECTED,
    CaseState.MERGED: Outcome.TOGETHER,
    CaseState.CLOSED: Outcome.HANDLED,
}
_FINAL = frozenset({Outcome.REJECTED, Outcome.HANDLED})
_MOST_LINES = 1000


def give(session: Session, row: Case, now: datetime, *, reason_code: str | None = None) -> None:
    """Answer every lead of a person of a case that ends now.

    Whoever has an account and wants to be told is put down for it. What was dealt with is put down for
    points, and what is rejected though it had been judged, for taking them back.

    Args:
        session: the unit of work in which the case ends.
        row: the case, in its last state, with the leads that it has.
        now: the present instant.
        reason_code: why, of a case that is rejected; what came of it, of one that is closed.
    """
    people = [lead for lead in row.leads if lead.origin != Origin.CAMERA]
    if not people:
        return
    outcome = Outcome.REJECTED if reason_code in NO_CASE else _OUTCOMES[CaseState(row.state)]
    unit = next((each.unit_name for each in row.tickets if each.leads and each.state == "closed"), None)
    words = words_for(outcome, reason_code=reason_code, unit_name=unit)
    answers = _put(session, row, people, outcome, words, now, reason_code=reason_code)
    if outcome is not Outcome.TOGETHER:
        rounds = repository.rounds(session, [lead.id for lead in people])
        session.add_all(
            FinalAnswer(lead_id=answer.lead_id, round=rounds.get(answer.lead_id, 0), answer_id=answer.id)
            for answer in answers
        )


def take_back(session: Session, row: Case, now: datetime) -> None:
    """Everyone who was answered hears that their case is open again; another final answer follows.

    Answers that have not gone out yet stay here, and points that have not been judged are not given for them.

    Args:
        session: the unit of work in which the case is opened again.
        row: the case.
        now: the present instant.
    """
    people = [lead for lead in row.leads if lead.origin != Origin.CAMERA]
    if people:
        repository.forget_wishes(session, [lead.id for lead in people], now)
        words = words_for(Outcome.AGAIN, reason_code=None, unit_name=None)
        _put(session, row, people, Outcome.AGAIN, words, now)


def _put(  # noqa: PLR0917 - what an answer is made of
    session: Session,
    row: Case,
    people: Sequence[Lead],
    outcome: Outcome,
    words: str,
    now: datetime,
    *,
    reason_code: str | None = None,
) -> list[Answer]:
    answers = [
        Answer(
            lead_id=lead.id,
            case_id=row.id,
            outcome=outcome.value,
            reason_code=str(reason_code) if reason_code else None,
            final=outcome in _FINAL,
            words=words,
            given_at=now,
        )
        for lead in people
    ]
    session.add_all(answers)
    session.flush()
    refs = {lead.reporter_ref for lead in people if lead.reporter_ref is not None}
    accounts = repository.accounts(session, refs) if refs else {}
    judged = repository.judged(session, [lead.id for lead in people]) if accounts else frozenset()
    for answer, lead in zip(answers, people, strict=True):
        ref = lead.reporter_ref
        if ref is None or ref not in accounts:
            continue
        if accounts[ref]:
            on_its_way = {"state": "waiting", "tries": 0, "next_try_at": now, "updated_at": now}
            session.add(Delivery(answer_id=answer.id, reporter_ref=ref, **on_its_way))
        if outcome is Outcome.HANDLED or (outcome is Outcome.REJECTED and lead.id in judged):
            session.add(PointsDue(answer_id=answer.id, lead_id=lead.id))
    return answers


def answer_of(session: Session, lead_id: str) -> AnswerOut | None:
    """The newest answer to a lead; None while its case is open."""
    return answers_of(session, [lead_id]).get(lead_id)


def answers_of(session: Session, lead_ids: Collection[str]) -> dict[str, AnswerOut]:
    """The newest answer to each of some leads that have one."""
    found = repository.of_leads(session, lead_ids) if lead_ids else ()
    return {answer.lead_id: AnswerOut.model_validate(answer) for answer in found}


def words_of(session: Session, lead_ids: Collection[str]) -> dict[str, str]:
    """What the newest answer says to each of some leads that have one; for very many at once."""
    return dict(repository.words_of_leads(session, lead_ids)) if lead_ids else {}


def lines_after(session: Session, answer_id: int, *, source: str | None, limit: int) -> list[AnswerLine]:
    """Answers after a number, in order, for whoever passes them on; of one source where that is named."""
    found = repository.after(session, answer_id, source, min(limit, _MOST_LINES))
    return [AnswerLine.of(answer, lead) for answer, lead in found]
