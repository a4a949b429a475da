"""What proves that the work of a case is done: a picture of the place after it."""

from __future__ import annotations

from typing import Literal

from sqlalchemy.orm import Session

from central.cases import repository as cases
from central.cases.again import seen_since, unsettled
from central.cases.models import Case
from central.rechecks import repository as rechecks
from central.tickets import repository

Proof = Literal["photo", "camera"]
_BEGUN_AGAIN = frozenset({"rework", "reopen_closed", "recall_closed", "take_back"})
"""Lines of the log from which on the work is to be proved anew."""


def proof_of(session: Session, row: Case) -> Proof | None:
    """What shows that the work of a case that is being checked is done; None where nothing does.

    A photo of one of its units, sent since the work was last begun, or the picture of a camera that looked
    again and saw the place free; each only as long as nothing was observed after it, and the camera's only
    where no other camera has yet to see it go.
    """
    done = [each.handled_at for each in row.tickets if each.handled_at]
    if not done:
        return None
    free = rechecks.found_free(session, row)
    if free and not unsettled(row, free):
        return "camera"
    since = [line.at for line in cases.log_of(session, row.id) if line.rule in _BEGUN_AGAIN]
    since += [lead.observed_at for lead in seen_since(row)]
    sent = repository.photos_sent(session, [each.id for each in row.tickets])
    return "photo" if any(all(at > each for each in since) for at in sent) else None
