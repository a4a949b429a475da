"""What becomes of points when a case that was dealt with is opened again: they follow how it ends at last.

While it is open nothing is decided. Where it ends as no case, what was paid is taken back by a row, unless it
was spent; where it is dealt with after all, what was so taken back is given again. What a person took back
stays so.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

import structlog
from sqlalchemy.orm import Session

from central.answers.models import Outcome
from central.points import ledger, repository
from central.points.models import PointsAward, PointsEntry
from central.problems import Problem

log = structlog.get_logger(__name__)

SYSTEM = "system"
"""Who writes what central writes by itself."""
_WHY = {
    Outcome.REJECTED: "Looked at again, your report turned out to be no case",
    Outcome.HANDLED: "Looked at again, your report was dealt with after all",
}
"""For whoever reported it, in their own ledger."""


def check_ended(session: Session, award: PointsAward) -> None:
    """Raises Problem 409 unless the report's case ended, for the last time, as dealt with."""
    outcome = repository.outcome_of(session, award.lead_id)
    if outcome == Outcome.HANDLED:
        return
    if outcome == Outcome.REJECTED:
        code, why = "rejected", "was opened again and ended as no case: nothing is paid for it"
    else:
        code, why = "open-again", "is open again: decide on its points when it has ended"
    raise Problem(HTTPStatus.CONFLICT, code, f"the case of this report (case {award.case_id}) {why}")


def follow(session: Session, award: PointsAward, outcome: Outcome, now: datetime) -> PointsEntry | None:
    """Let what was paid for a report follow how its case has ended now.

    Args:
        session: a unit of work.
        award: how the report was judged, of somebody who has an account.
        outcome: how its case ended.
        now: the present instant.

    Returns:
        The row that was written; None where all is as it should be, or the points were spent.
    """
    ledger.hold(session, award.reporter_ref)
    paid = repository.entry_of_award(session, award.id)
    if paid is None:
        return None
    last = repository.ends_of(session, [paid])[paid.id]
    stands = last.points > 0
    if stands == (outcome is Outcome.HANDLED) or not (stands or last.actor == SYSTEM):
        return None
    if stands and ledger.balance_of(session, award.reporter_ref) < last.points:
        log.warning("award_spent", award=award.id, case=award.case_id, points=last.points)
        return None
    row = ledger.reverse(session, last, actor=SYSTEM, now=now, reason=_WHY[outcome])
    log.info("award_followed", award=award.id, outcome=outcome.value, points=row.points)
    return row
