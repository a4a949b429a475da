"""A lead joins a case that is being checked: it is never taken for one of what was there before the work."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from central.cases.again import seen_since
from central.cases.models import Case
from central.cases.service import note_in_log
from central.rechecks import repository
from central.rechecks.states import RecheckState
from central.sender import Sender
from kerbwatch.messages import Verdict


def heed(session: Session, row: Case, lead_id: str, actor: str, now: datetime) -> None:
    """A lead has joined a case that is being checked.

    One of the very camera that is asked to look again is its answer: it is still there. Any other that was
    observed after the work was reported as done is written into the log, and the case waits for a person.

    Args:
        session: a unit of work with ``ordered=True``.
        row: the case, held, with the lead.
        lead_id: the lead.
        actor: who brought it, as it stands in logs.
        now: the present instant.
    """
    lead = next((each for each in seen_since(row) if each.id == lead_id), None)
    if lead is None:
        return
    detail = {"lead_id": lead.id}
    for recheck in repository.open_of_case(session, row.id):
        own = (Sender(recheck.site, recheck.edge).source, recheck.camera_id)
        if recheck.answered_at is None and (lead.source, lead.camera_id) == own:
            recheck.state, recheck.verdict = RecheckState.ANSWERED.value, Verdict.NOT_CLEAR.value
            recheck.answered_at, recheck.next_send_at, recheck.looked_at = now, None, lead.observed_at
            detail["look_again"] = recheck.id
    note_in_log(session, row, "seen_again", actor, now, from_state=row.state, detail=detail)
    session.flush()
