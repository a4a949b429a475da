"""Asking: a question is written down in the unit of work that begins a check, and given up when it ends."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from central.cases.again import unsettled
from central.cases.models import Case, Lead
from central.cases.rules import Origin
from central.cases.service import SYSTEM, note_in_log
from central.rechecks import repository
from central.rechecks.models import Recheck
from central.rechecks.states import RecheckState
from kerbwatch.ids import new_id
from kerbwatch.messages import TOPIC_ROOT, LookAgain

_EDGE_SOURCE = f"/{TOPIC_ROOT}/"


def begin(session: Session, row: Case, now: datetime, answer_within: timedelta) -> Recheck | None:
    """Ask a camera of a case that is being checked to look again: the newest that has not seen it go.

    One is asked after the other, each that still sees it; where all have seen it go, the newest, for the
    picture of the place.

    Args:
        session: a unit of work with ``ordered=True``.
        row: the case; of no question about it the answer still counts.
        now: the present instant.
        answer_within: how long the camera has; nothing is asked where that is no time at all.

    Returns:
        The question; None where there is no camera to be asked, or none more: a person checks the work.
    """
    free = repository.found_free(session, row)
    still = [lead for lead in unsettled(row, free) if lead.id not in free]
    lead = _newest_of_camera(still) or (None if free else _newest_of_camera(row.leads))
    if lead is None or not answer_within:
        return None
    site, edge = lead.source.removeprefix(_EDGE_SOURCE).split("/", 1)
    asked = LookAgain.model_validate({name: getattr(lead, name) for name in _ASKED} | {"handled_at": now})
    recheck = Recheck(
        id=new_id(),
        case_id=row.id,
        lead_id=lead.id,
        site=site,
        edge=edge,
        camera_id=asked.camera_id,
        question=asked.model_dump(mode="json"),
        state=RecheckState.ASKING.value,
        asked_at=now,
        answer_by=now + answer_within,
        sends=0,
        next_send_at=now,
    )
    session.add(recheck)
    told = {"look_again": recheck.id, "camera": asked.camera_id}
    note_in_log(session, row, "look_again", SYSTEM, now, from_state=row.state, detail=told, material=False)
    return recheck


_ASKED = ("incident_id", "camera_id", "zone_id", "kind", "object_class", "box")


def overtake(session: Session, case_id: str, now: datetime) -> None:
    """The check of a case has ended: whatever a camera still says changes nothing."""
    for recheck in repository.open_of_case(session, case_id):
        recheck.state, recheck.next_send_at = RecheckState.OVERTAKEN.value, None
        recheck.settled_at = now


def _newest_of_camera(leads: Iterable[Lead]) -> Lead | None:
    """The lead that came last of those that a box's camera told of."""
    seen = [
        lead
        for lead in leads
        if lead.origin == Origin.CAMERA
        and lead.source.startswith(_EDGE_SOURCE)
        and all(getattr(lead, name) is not None for name in _ASKED)
    ]
    return max(seen, key=lambda lead: lead.id, default=None)
