"""An operator corrects a case in review; its draft is made anew by the duty list. What leads said stays."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from sqlalchemy.orm import Session

from central.areas.coverage import check_covered
from central.cases import repository as cases
from central.cases.rules import CaseState
from central.cases.schemas import CaseDetail
from central.cases.service import for_change, note_in_log
from central.corrections.schemas import CorrectionIn
from central.duty.matter import check_known
from central.duty.service import duty_book
from central.people.permissions import Permission
from central.people.service import Principal
from central.problems import Problem
from central.tickets.dispatch import draft_anew
from kerbwatch.place import Position


def correct(
    session: Session, case_id: str, said: CorrectionIn, *, who: Principal, version: int, now: datetime
) -> CaseDetail:
    """Correct kind, place or urgency of a case that is in review. Needs ``ordered=True``.

    Raises:
        Problem: 404 absent, 403 no permission, 412 changed since ``version``, 409 not in review any more, or
            it is so already, 422 the place lies outside the city.
    """
    row = for_change(session, case_id, version)
    if not who.may(Permission.CASE_FILE):
        raise Problem(HTTPStatus.FORBIDDEN, "permission", f"correcting is not for {who.name} to do")
    if row.state != CaseState.REVIEWING:
        detail = f"only a case in review is corrected; this one is {row.state}"
        raise Problem(HTTPStatus.CONFLICT, "wrong-state", detail)
    book = duty_book(session, now)
    if said.kind is not None:
        check_known(book, said.kind)
    if said.lon is not None and said.lat is not None:
        check_covered(book.areas, said.lon, said.lat)
    wanted = {"kind": said.kind, "lon": said.lon, "lat": said.lat}
    wanted["urgent"] = said.urgent
    told = {
        name: [getattr(row, name), value]
        for name, value in wanted.items()
        if value is not None and getattr(row, name) != value
    }
    if not told:
        raise Problem(HTTPStatus.CONFLICT, "nothing-new", "the case says so already")
    for name, (_before, value) in told.items():
        setattr(row, name, value)
    area = book.assign(row.kind, Position(row.lon, row.lat)).area
    row.area_id, row.area_name = (area.id, area.name) if area else (None, None)
    note_in_log(
        session,
        row,
        "correct",
        who.actor,
        now,
        from_state=row.state,
        note=said.reason,
        detail={"changed": told},
    )
    draft_anew(session, row, book, who.actor, now)
    session.flush()
    return CaseDetail.of(row, cases.files_here(session, [row]))
