"""What a camera's answer changes, and what happens where none comes. Nothing is kept in memory.

An answer is written down when it arrives; the sweeper acts on it, as it does on what is overdue. So an answer
whose case cannot be moved for some reason holds up no other message, and a restart in between loses nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from central.cases import repository as cases
from central.cases.again import unsettled
from central.cases.models import Case, Lead, LeadEvidence
from central.cases.opening import evidence_row
from central.cases.rules import CaseState, Origin, RefusedError
from central.cases.service import SYSTEM, note_in_log
from central.media import repository as media
from central.problems import Problem, not_found
from central.rechecks import asking, repository
from central.rechecks.models import Recheck
from central.rechecks.schemas import LookAgainOut
from central.rechecks.states import OPEN, RecheckState
from central.sender import Sender
from central.tickets import service as tickets
from central.tickets.clockwork import Terms
from kerbwatch.incident import Audience, EvidenceRole
from kerbwatch.messages import LookAgainAnswer, UnableReason, Verdict

log = structlog.get_logger(__name__)

_MOST_A_SWEEP = 200
_CLOCK_APART = timedelta(minutes=5)
"""So much the clock of a box may be behind."""
CLEAR_NOTE = "The camera looked again: the place is free."
NOT_CLEAR_NOTE = "The camera looked again: it is still there. See its picture."


def take_answers(session: Session, answers: Sequence[tuple[Sender, LookAgainAnswer]], now: datetime) -> None:
    """Write down what cameras answered.

    Args:
        session: a unit of work with ``ordered=True``.
        answers: each with the box that sent it.
        now: the present instant.
    """
    for sender, answer in answers:
        recheck = repository.find(session, answer.question_id)
        if recheck is None or (recheck.site, recheck.edge) != (sender.site, sender.edge):
            log.warning("answer_to_no_question", question=answer.question_id, source=sender.source)
        elif recheck.answered_at is None:
            _take(session, recheck, sender, answer, now)
            session.flush()


def settle(session: Session, now: datetime, terms: Terms) -> Counter[str]:
    """Act on what cameras answered, and give to a person what they did not answer in time.

    Needs a unit of work with ``ordered=True``, so that no two copies of central do it twice.

    Returns:
        How many steps of each kind were taken.
    """
    taken: Counter[str] = Counter()
    for recheck_id in repository.in_state(session, RecheckState.ANSWERED, _MOST_A_SWEEP):
        taken[_act(session, recheck_id, now, terms)] += 1
    for recheck_id in repository.unanswered(session, now, _MOST_A_SWEEP):
        taken[_give_up(session, recheck_id, now)] += 1
    return taken


def of_case(session: Session, case_id: str) -> list[LookAgainOut]:
    """When cameras were asked to look again at a case, the newest first, and what they said.

    Raises:
        Problem: 404 there is no such case.
    """
    if cases.case(session, case_id) is None:
        raise not_found(f"case {case_id}")
    return [LookAgainOut.model_validate(row) for row in repository.of_case(session, case_id)]


def _take(session: Session, recheck: Recheck, sender: Sender, answer: LookAgainAnswer, now: datetime) -> None:
    recheck.answered_at, recheck.next_send_at = now, None
    doubt = _doubt(session, recheck, sender, answer)
    verdict, reason = (Verdict.UNABLE, doubt) if doubt else (answer.verdict, answer.reason)
    recheck.verdict, recheck.reason = verdict.value, reason and reason.value
    recheck.looked_at, recheck.looks = answer.looked_at, answer.looks
    if not doubt:
        _keep_pictures(session, recheck, answer)
    row = _case_of(session, recheck)
    counts = RecheckState(recheck.state) in OPEN and _is_checked(session, recheck, row)
    if not counts:
        recheck.state = RecheckState.OVERTAKEN.value
    elif verdict is Verdict.UNABLE:
        recheck.state, recheck.settled_at = RecheckState.SETTLED.value, now
    else:
        recheck.state = RecheckState.ANSWERED.value
    told = {"look_again": recheck.id, "camera": recheck.camera_id, "verdict": recheck.verdict}
    told |= {"reason": recheck.reason} if recheck.reason else {}
    told |= {"said": answer.verdict.value} if doubt else {}
    note_in_log(
        session,
        row,
        "camera_answered" if counts else "camera_too_late",
        sender.actor,
        now,
        from_state=row.state,
        reason_code=recheck.reason or recheck.verdict,
        detail=told,
        material=counts,
    )


def _doubt(
    session: Session, recheck: Recheck, sender: Sender, answer: LookAgainAnswer
) -> UnableReason | None:
    """Why an answer cannot be about the place as it is now; None where it can.

    A box whose clock fell back after a power cut looks "before" it was asked, and nobody could tell what the
    place looked like after the work; a file that somebody else sent, or that was there before, is no picture
    of it.
    """
    if answer.looked_at is not None and answer.looked_at < recheck.asked_at - _CLOCK_APART:
        return UnableReason.NO_PICTURE
    for each in answer.evidence:
        file = media.find(session, each.sha256)
        if file is not None and (file.source != sender.source or file.received_at < recheck.asked_at):
            return UnableReason.NO_PICTURE
    return None


def _keep_pictures(session: Session, recheck: Recheck, answer: LookAgainAnswer) -> None:
    """The picture of the place is evidence of its lead. Whatever else a box names here is none."""
    if repository.case_of_lead(session, recheck.lead_id) is None:
        return
    role = EvidenceRole.SNAPSHOT_CHECKED
    pictures = {each.sha256: each for each in answer.evidence if each.role is role}
    known = repository.named(session, recheck.lead_id, set(pictures), role.value)
    for sha256, picture in pictures.items():
        if sha256 not in known:
            session.add(LeadEvidence(**evidence_row(recheck.lead_id, picture)))
        if picture.audience is Audience.PEOPLE:
            recheck.picture_sha256 = sha256


def _act(session: Session, recheck_id: str, now: datetime, terms: Terms) -> str:
    """Close the case, or send it back. Returns what was done."""
    recheck = repository.find(session, recheck_id)
    assert recheck is not None  # it was found in this unit of work
    row = _case_of(session, recheck)
    if not _is_checked(session, recheck, row):
        recheck.state, recheck.settled_at = RecheckState.OVERTAKEN.value, now
        return "camera_overtaken"
    recheck.state, recheck.settled_at = RecheckState.SETTLED.value, now
    session.flush()
    if recheck.verdict == Verdict.CLEAR and (left := unsettled(row, repository.found_free(session, row))):
        return _go_on(session, row, recheck, left, now, terms)
    try:
        with session.begin_nested():
            if recheck.verdict == Verdict.CLEAR:
                tickets.close(session, row.id, who=None, version=row.version, now=now, note=CLEAR_NOTE)
                return "camera_closed"
            tickets.rework(
                session, row.id, who=None, version=row.version, now=now, terms=terms, note=NOT_CLEAR_NOTE
            )
            return "camera_sent_back"
    except (Problem, RefusedError) as refused:
        # The answer stands on the case's page, and a person can decide; the other cases go on.
        log.error("answer_not_acted_on", case=row.id, question=recheck.id, reason=str(refused))
        return "camera_refused"


def _go_on(  # noqa: PLR0917 - one step of the above
    session: Session, row: Case, recheck: Recheck, left: Sequence[Lead], now: datetime, terms: Terms
) -> str:
    """One camera sees the place free, which does not settle it: another is asked, or a person decides."""
    free = repository.found_free(session, row)
    others = all(lead.origin == Origin.CAMERA and lead.id not in free for lead in left)
    if others and asking.begin(session, row, now, terms.look_again) is not None:
        return "camera_asks_another"
    told = {"look_again": recheck.id, "leads": [lead.id for lead in left]}
    note_in_log(session, row, "left_to_person", SYSTEM, now, from_state=row.state, detail=told)
    return "camera_left_to_person"


def _give_up(session: Session, recheck_id: str, now: datetime) -> str:
    recheck = repository.find(session, recheck_id)
    assert recheck is not None  # it was found in this unit of work
    recheck.next_send_at = None
    row = _case_of(session, recheck)
    if not _is_checked(session, recheck, row):
        recheck.state, recheck.settled_at = RecheckState.OVERTAKEN.value, now
        return "camera_overtaken"
    recheck.state = RecheckState.SILENT.value
    told = {"look_again": recheck.id, "camera": recheck.camera_id}
    note_in_log(session, row, "camera_silent", SYSTEM, now, from_state=row.state, detail=told, material=False)
    return "camera_silent"


def _is_checked(session: Session, recheck: Recheck, row: Case) -> bool:
    """Whether the check is on still, and what the camera saw is of this case: a lead can be taken out."""
    if row.state != CaseState.CHECKING:
        return False
    return repository.case_of_lead(session, recheck.lead_id) == row.id


def _case_of(session: Session, recheck: Recheck) -> Case:
    row = cases.case(session, recheck.case_id, lock=True)
    assert row is not None  # its foreign key
    return row
